using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Tests.Diagnostics;

public sealed class EngineVersionTests
{
    [Theory]
    [InlineData(3_006_023, false)]
    [InlineData(3_007_000, true)]
    [InlineData(3_035_005, true)]
    [InlineData(3_044_005, true)]
    [InlineData(3_044_006, false)]
    [InlineData(3_045_000, true)]
    [InlineData(3_050_006, true)]
    [InlineData(3_050_007, false)]
    [InlineData(3_051_000, true)]
    [InlineData(3_051_002, true)]
    [InlineData(3_051_003, false)]
    [InlineData(3_053_002, false)]
    public void A_commit_can_be_lost_by_these_versions(int number, bool faulty)
    {
        EngineVersion engine = new(number);

        Assert.Equal(faulty, engine.HasWalResetBug);
        Assert.Equal(faulty, EngineAdvice.For(engine).Any(advice => advice.Id == "engine-wal-reset"));
    }

    [Theory]
    [InlineData(3_035_005, true)]
    [InlineData(3_050_001, true)]
    [InlineData(3_050_002, false)]
    [InlineData(3_051_000, false)]
    public void Memory_can_be_corrupted_in_these_versions(int number, bool faulty)
    {
        EngineVersion engine = new(number);

        Assert.Equal(faulty, engine.HasAggregateBug);
        Assert.Equal(faulty, EngineAdvice.For(engine).Any(advice => advice.Id == "engine-cve-2025-6965"));
    }

    [Fact]
    public void A_current_one_gets_no_advice() => Assert.Empty(EngineAdvice.For(new EngineVersion(3_051_003)));

    [Theory]
    [InlineData(3_051_003, "3.51.3")]
    [InlineData(3_008_000, "3.8.0")]
    public void It_is_written_as_SQLite_writes_it(int number, string text) =>
        Assert.Equal(text, new EngineVersion(number).ToString());
}
