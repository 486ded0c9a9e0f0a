namespace Pool.Sqlite.Docs.Tests;

/// <summary>Every example of the documentation compiles as it stands.</summary>
public sealed class PageTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string> Pages =>
    [
        .. new[] { "docs", "src", "samples" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.md", SearchOption.AllDirectories))
            .Append(Path.Combine(Root, "README.md"))
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(page => CodeBlock.Of(page, Read(page)).Any())
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_example_of_a_page_compiles(string page) =>
        Assert.Empty(CodeBlock.Of(page, Read(page)).SelectMany(static block => block.Errors()));

    [Fact]
    public void An_example_that_does_not_compile_is_named_with_its_line() =>
        Assert.Equal(
            ["page.md, line 4: CS0103 The name 'nothing' does not exist in the current context"],
            CodeBlock.Of("page.md", "text\n\n```csharp\nnothing.Run();\n```\n").SelectMany(static block => block.Errors()));

    private static string Read(string page) => File.ReadAllText(Path.Combine(Root, page));

    private static string FindRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Pool.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The folder of Pool.sln was not found.");
        }

        return folder;
    }
}
