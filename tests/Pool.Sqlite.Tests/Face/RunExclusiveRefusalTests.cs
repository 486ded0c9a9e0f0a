using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>What exclusive work says, and what is counted, when it does not get to run.</summary>
public sealed class RunExclusiveRefusalTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SqlitePool _pool;

    public RunExclusiveRefusalTests() =>
        _pool = new SqlitePool(_database.Options(size: 2, overflow: 1), timeProvider: _time);

    [Fact]
    public async Task It_names_every_lease_that_is_out()
    {
        using SqlitePoolConnection one = await _pool.RentAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        using SqlitePoolConnection two = await _pool.RentAsync();

        SqlitePoolTimeoutException error = await Refused();

        Assert.Equal((2, 0), (error.InUse, error.Waiting));
        Assert.StartsWith(
            "Pool 'test.db': Exclusive work, as by RunExclusiveAsync or RestoreAsync, begins when every connection has come "
                + "back: not all had within 30 s. 2 are in use (PoolSize 2, MaxOverflow 1), 0 others wait. ",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("Still out: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(NameOf(one), error.Message, StringComparison.Ordinal);
        Assert.Contains(NameOf(two), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_names_a_writer_that_is_out()
    {
        using SqlitePoolConnection writer = await _pool.RentWriterAsync();

        SqlitePoolTimeoutException error = await Refused();

        Assert.Equal(1, error.InUse);
        Assert.NotNull(error.LongestHeld);
        Assert.Contains("1 are in use", error.Message, StringComparison.Ordinal);
        Assert.Contains(NameOf(writer), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_no_rent_that_was_refused()
    {
        using SqlitePoolConnection held = await _pool.RentAsync();

        await Refused();
        await Refused();

        Assert.Equal(0, _pool.GetStatistics().Timeouts);
        Assert.DoesNotContain(
            _pool.GetHealth().Reasons,
            static reason => reason.Contains("refused", StringComparison.Ordinal)
        );
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private static string NameOf(SqlitePoolConnection lease) =>
        $"lease {lease.LeaseId >> 32}-{lease.LeaseId & uint.MaxValue}, for ";

    private async Task<SqlitePoolTimeoutException> Refused()
    {
        Task exclusive = OtherFlow.Run(() => _pool.RunExclusiveAsync(static _ => Task.CompletedTask));
        _time.Advance(TimeSpan.FromSeconds(30));
        return await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => exclusive.Limited());
    }
}
