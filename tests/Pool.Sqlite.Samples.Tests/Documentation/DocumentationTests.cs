namespace Pool.Sqlite.Samples.Tests.Documentation;

public sealed class DocumentationTests
{
    [Fact]
    public void Every_block_of_code_in_the_documentation_compiles()
    {
        CodeBlock[] blocks = [.. CodeBlock.All(Path.GetFullPath(SampleProcess.FolderOf("..")))];
        Assert.True(blocks.Length > 25, $"Only {blocks.Length} blocks were found.");
        string[] errors = [.. blocks.AsParallel().SelectMany(BlockCompiler.Errors)];
        Assert.True(errors.Length == 0, string.Join('\n', errors));
    }

    [Fact]
    public void A_block_that_does_not_compile_is_found_with_its_place()
    {
        CodeBlock block = new(
            "page.md",
            10,
            "await pool.ExecuteAsync($\"select 1\");\nawait pool.NoSuchVerbAsync();\n"
        );
        Assert.StartsWith("page.md:11: CS1061", Assert.Single(BlockCompiler.Errors(block)), StringComparison.Ordinal);
    }
}
