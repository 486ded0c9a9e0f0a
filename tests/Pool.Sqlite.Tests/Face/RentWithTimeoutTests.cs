using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>A reader or the writer with a limit of its own.</summary>
public sealed class RentWithTimeoutTests : IDisposable
{
    private static readonly Dictionary<
        string,
        Func<SqlitePool, TimeSpan, CancellationToken, Task<SqlitePoolConnection>>
    > Rents = new()
    {
        ["reader"] = static (pool, limit, token) => pool.RentReaderAsync(limit, token).AsTask(),
        ["reader, blocking"] = static (pool, limit, token) => Task.FromResult(pool.RentReader(limit, token)),
        ["writer"] = static (pool, limit, token) => pool.RentWriterAsync(limit, token).AsTask(),
        ["writer, blocking"] = static (pool, limit, token) => Task.FromResult(pool.RentWriter(limit, token)),
    };

    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public RentWithTimeoutTests() => _pool = new SqlitePool(_database.Options(size: 1, overflow: 0));

    public static TheoryData<string> All => [.. Rents.Keys];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Zero_fails_at_once_when_it_is_out_and_lends_when_it_is_not(string rent)
    {
        bool isReader = rent.StartsWith("reader", StringComparison.Ordinal);
        using (isReader ? _pool.Rent() : OtherFlow.Run(() => _pool.RentWriter()))
        {
            await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => Rent(rent, TimeSpan.Zero));
        }

        using SqlitePoolConnection connection = await Rent(rent, TimeSpan.Zero);
        Assert.Equal(isReader ? SqlitePoolConnectionRole.Reader : SqlitePoolConnectionRole.Writer, connection.Role);
        Assert.Equal("1", connection.Ask("select 1"));
    }

    [Theory]
    [InlineData("writer")]
    [InlineData("writer, blocking")]
    public async Task The_limit_is_that_of_the_write_gate_too(string rent)
    {
        using SqlitePool other = new(_database.Options());
        using (OtherFlow.Run(() => other.RentWriter()))
        {
            await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => Rent(rent, TimeSpan.Zero));
        }

        (await Rent(rent, Timeout.InfiniteTimeSpan)).Dispose();
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_timeout_that_makes_no_sense_is_refused_also_when_a_connection_is_idle(string rent)
    {
        (await Rent(rent, Limit.Length)).Dispose();
        foreach (double milliseconds in (double[])[-5000, -0.0001, 400d * 24 * 60 * 60 * 1000])
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                "timeout",
                () => Rent(rent, TimeSpan.FromMilliseconds(milliseconds))
            );
        }

        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task Default_is_no_token_and_no_limit_of_zero()
    {
        (await _pool.RentAsync(default)).Dispose();
        _pool.Rent(default).Dispose();
        (await _pool.RentReaderAsync(default)).Dispose();
        _pool.RentReader(default).Dispose();
        (await _pool.RentWriterAsync(default)).Dispose();
        _pool.RentWriter(default).Dispose();
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private Task<SqlitePoolConnection> Rent(string rent, TimeSpan limit) =>
        OtherFlow.Run(async () => await Rents[rent](_pool, limit, CancellationToken.None).Limited());
}
