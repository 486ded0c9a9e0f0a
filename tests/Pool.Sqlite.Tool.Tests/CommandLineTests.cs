namespace Pool.Sqlite.Tool.Tests;

public sealed class CommandLineTests : ToolTest
{
    [Theory]
    [InlineData()]
    [InlineData("chek", "app.db")]
    [InlineData("check")]
    [InlineData("check", "app.db", "--jsn")]
    [InlineData("checkpoint", "app.db", "--mode", "everything")]
    [InlineData("backup", "app.db")]
    [InlineData("query", "app.db")]
    public async Task A_wrong_command_line_says_what_is_wrong_and_ends_with_2(params string[] args)
    {
        (int code, string output, string error) = await Run(args);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Empty(output);
        Assert.Contains("--help", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("check", "--help")]
    [InlineData("copy", "--help")]
    public async Task Help_ends_with_0(params string[] args)
    {
        (int code, string output, string error) = await Run(args);
        Assert.Equal((ExitCode.Success, ""), (code, error));
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_has_examples_and_exit_codes()
    {
        string output = (await Run("--help")).Output;
        Assert.Contains("pool-sqlite backup app.db", output, StringComparison.Ordinal);
        Assert.Contains("Exit codes", output, StringComparison.Ordinal);
        string[] commands = ["check", "stats", "backup", "restore", "vacuum", "checkpoint", "query", "copy"];
        Assert.All(commands, command => Assert.Contains($"  {command} ", output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("check")]
    [InlineData("stats")]
    [InlineData("vacuum")]
    [InlineData("checkpoint")]
    [InlineData("query", "select 1")]
    [InlineData("backup", "copy.db")]
    public async Task A_file_that_is_not_there_is_not_made(string command, params string[] more)
    {
        (int code, _, string error) = await Run([command, File1, .. more]);
        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains("There is no file", error, StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_copy_without_a_target_says_how_to_name_one()
    {
        Make("create table t (x)");
        (int code, _, string error) = await Run("copy", File1);
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("--to", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_string_that_is_none_is_refused_without_showing_it()
    {
        Make("create table t (x)");
        (int code, _, string error) = await Run("copy", File1, "--to", "Hosst=nowhere;Password=secret");
        Assert.Equal(ExitCode.Failure, code);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }
}
