namespace Pool.Sqlite.Samples.Tests;

/// <summary>What comes of each load scenario, not how long it takes.</summary>
public sealed class ServiceLoadTests(LoadRun run) : IClassFixture<LoadRun>
{
    [Theory]
    [InlineData("one connection", "2 rents of the same connection")]
    [InlineData("50 sequential", "50 rents, 1 connection, 50 rows")]
    [InlineData("10 concurrent", "10 at once, 0 refused, 10 rows")]
    [InlineData("50 concurrent", "50 at once, 0 refused, 50 rows")]
    [InlineData("overflow", "60 at once, 20 kept")]
    [InlineData("exhaustion", "the 61st is refused, and served after one came back")]
    [InlineData("recycling of 100 sessions", "100 rents, 10 connections replaced, 0 rows left behind")]
    [InlineData("health", "Healthy, Warning, Critical")]
    [InlineData("leak", "the lease is listed with its origin, and comes back by itself")]
    [InlineData("advice", "base-size")]
    [InlineData("pooled against unpooled", "200 reads each, 1 connection against 200")]
    public void A_scenario_comes_out_as_expected(string name, string outcome) =>
        Assert.Contains($"ok     {name}: {outcome}", run.Output, StringComparison.Ordinal);

    [Fact]
    public void All_eleven_succeed()
    {
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(11, run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }
}
