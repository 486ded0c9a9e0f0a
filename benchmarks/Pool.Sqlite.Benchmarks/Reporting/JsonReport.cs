using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The report for programs.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        // Signs such as ≤ and µ stay readable; what HTML would take for markup stays escaped.
        Encoder = JavaScriptEncoder.Create(
            UnicodeRanges.BasicLatin, UnicodeRanges.Latin1Supplement, UnicodeRanges.MathematicalOperators),
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void Write(string path, RunReport report) =>
        File.WriteAllText(path, JsonSerializer.Serialize(report, Options) + "\n");
}
