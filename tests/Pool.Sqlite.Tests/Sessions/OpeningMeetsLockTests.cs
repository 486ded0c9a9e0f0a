using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>
/// Another process keeps a file in rollback-journal mode locked while a connection is opened: the rent keeps its time
/// and its token, blocking or not, although the busy timeout is much longer.
/// </summary>
public sealed class OpeningMeetsLockTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqliteConnection _outside;

    public OpeningMeetsLockTests()
    {
        _outside = _database.OpenDirectly();
        _outside.Run("pragma journal_mode=delete; create table t(x); begin exclusive");
    }

    public static MatrixTheoryData<bool, JournalMode> Cases =>
        new([false, true], [JournalMode.Wal, JournalMode.Delete]);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_rent_is_refused_when_its_time_is_up(bool async, JournalMode mode)
    {
        await using SqlitePool pool = Pool(mode);
        TimeSpan timeout = TimeSpan.FromMilliseconds(300);

        SqlitePoolTimeoutException refused = async
            ? await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => pool.RentAsync(timeout).Limited())
            : await Limit.OnThread(() => Assert.Throws<SqlitePoolTimeoutException>(() => pool.Rent(timeout))).Limited();

        Assert.Contains("could not be opened", refused.Message, StringComparison.Ordinal);
        await AssertRecovers(pool);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_rent_that_is_cancelled_ends(bool async, JournalMode mode)
    {
        await using SqlitePool pool = Pool(mode);
        using CancellationTokenSource stop = new();
        Task rent = async ? pool.RentAsync(stop.Token).AsTask() : Limit.OnThread(() => pool.Rent(stop.Token));
        await Limit.Until(() => pool.GetStatistics().Opening == 1);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rent.Limited());
        await AssertRecovers(pool);
    }

    [Fact]
    public async Task A_short_busy_timeout_ends_the_wait_with_what_SQLite_says()
    {
        await using SqlitePool pool = Pool(JournalMode.Delete, busyTimeout: TimeSpan.FromMilliseconds(50));

        SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() => pool.RentAsync().Limited());

        Assert.Equal(5, refused.SqliteErrorCode);
        Assert.Contains("held its lock", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("WAL", refused.Message, StringComparison.Ordinal);
        await AssertRecovers(pool);
    }

    public void Dispose()
    {
        _outside.Dispose();
        _database.Dispose();
    }

    private SqlitePool Pool(JournalMode mode, TimeSpan? busyTimeout = null)
    {
        SqlitePoolOptions options = _database.Options();
        options.CreateRetries = 0;
        options.Pragmas.JournalMode = mode;
        options.Pragmas.BusyTimeout = busyTimeout ?? TimeSpan.FromMinutes(2);
        return new SqlitePool(options);
    }

    private async Task AssertRecovers(SqlitePool pool)
    {
        await Limit.Until(() => pool.GetStatistics() is { Opening: 0, InUse: 0 });
        _outside.Run("rollback");
        using SqlitePoolConnection connection = await pool.RentAsync().Limited();
        Assert.Equal("0", connection.Ask("select count(*) from t"));
    }
}
