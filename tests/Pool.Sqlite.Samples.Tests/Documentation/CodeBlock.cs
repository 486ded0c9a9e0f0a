namespace Pool.Sqlite.Samples.Tests.Documentation;

/// <summary>One block of C# in a page.</summary>
/// <param name="Page">The page, from the root of the repository.</param>
/// <param name="Line">Where its code begins.</param>
/// <param name="Code">The code.</param>
internal sealed record CodeBlock(string Page, int Line, string Code)
{
    private const string Fence = "```";

    /// <summary>True for a whole Program.cs, which brings all that it needs; others are parts of a program.</summary>
    public bool IsProgram =>
        Code.StartsWith("using ", StringComparison.Ordinal)
        && Code[..Code.IndexOf('\n', StringComparison.Ordinal)].TrimEnd().EndsWith(';')
        && !Code.StartsWith("using Sqlite", StringComparison.Ordinal)
        && !Code.StartsWith("using var", StringComparison.Ordinal);

    public bool IsAboutEntities =>
        Page.Contains("ef-core", StringComparison.Ordinal)
        || Page.Contains("EntityFrameworkCore", StringComparison.Ordinal);

    /// <summary>Every block of every page.</summary>
    public static IEnumerable<CodeBlock> All(string root)
    {
        string[] folders = [root, Path.Combine(root, "docs"), .. Directory.GetDirectories(Path.Combine(root, "src"))];
        return folders
            .Concat(Directory.GetDirectories(Path.Combine(root, "samples")))
            .SelectMany(static folder => Directory.GetFiles(folder, "*.md"))
            .SelectMany(page => Of(Path.GetRelativePath(root, page), File.ReadAllLines(page)));
    }

    private static IEnumerable<CodeBlock> Of(string page, string[] lines)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            string opening = lines[i].Trim();
            if (opening is "```csharp" or "```cs" or "```c#")
            {
                int end = Array.FindIndex(lines, i + 1, static line => line.Trim() == Fence);
                yield return new CodeBlock(page, i + 2, string.Join('\n', lines[(i + 1)..end]) + "\n");
                i = end;
            }
        }
    }
}
