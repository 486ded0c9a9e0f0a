using System.Security.Cryptography;
using System.Text;

namespace Pool.Sqlite.AspNetCore;

/// <summary>The page as it is sent: one document with its style and script inside.</summary>
internal static class LivePage
{
    static LivePage()
    {
        string style = Resource("LivePage.css");
        string script = Resource("LivePage.js");
        string page = Resource("LivePage.html")
            .Replace("<style></style>", $"<style>{style}</style>", StringComparison.Ordinal)
            .Replace("<script></script>", $"<script>{script}</script>", StringComparison.Ordinal);
        Bytes = Encoding.UTF8.GetBytes(page);
        SecurityPolicy = string.Join(
            "; ",
            "default-src 'none'",
            $"script-src '{Hash(script)}'",
            $"style-src '{Hash(style)}'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'"
        );
    }

    public static byte[] Bytes { get; }

    /// <summary>Lets exactly this style and this script run, and the page talk only to its own server.</summary>
    public static string SecurityPolicy { get; }

    // A browser hashes what it parsed, in which every line ends with LF.
    private static string Resource(string name)
    {
        using StreamReader reader = new(typeof(LivePage).Assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Hash(string text) =>
        $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
}
