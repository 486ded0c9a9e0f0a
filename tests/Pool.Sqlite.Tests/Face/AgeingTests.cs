using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Face;

/// <summary>What the housekeeper does to real connections as a fake clock goes by.</summary>
public sealed class AgeingTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly FakeTimeProvider _time = new();
    private readonly SqlitePoolOptions _options;
    private SqlitePool? _pool;

    public AgeingTests() => _options = _database.Options(size: 3, overflow: 2);

    private SqlitePool Pool => _pool ??= new SqlitePool(_options, timeProvider: _time);

    private SqlitePoolStatistics Statistics => Pool.GetStatistics();

    [Fact]
    public void A_connection_is_replaced_when_it_is_too_old()
    {
        _options.IdleTimeout = Timeout.InfiniteTimeSpan;
        sqlite3 first = RentOnce();
        _time.Advance(TimeSpan.FromMinutes(58));
        Assert.Same(first, RentOnce());

        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(1, Statistics.ClosedByAge);
        Assert.Equal(0, Statistics.Open);
        Assert.Empty(_database.OpenFiles());
        Assert.NotSame(first, RentOnce());
    }

    [Fact]
    public void One_that_grew_too_old_while_it_was_out_is_closed_on_its_return()
    {
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            _time.Advance(TimeSpan.FromHours(2));
            Assert.Equal("1", connection.Ask("select 1"));
            Assert.Equal(1, Statistics.Open);
        }

        Assert.Equal(1, Statistics.ClosedByAge);
        Assert.Equal(0, Statistics.Open);
    }

    [Fact]
    public async Task One_that_is_too_old_is_not_handed_to_somebody_who_waits()
    {
        _options.PoolSize = 1;
        _options.MaxOverflow = 0;
        _options.RentTimeout = Timeout.InfiniteTimeSpan;
        SqlitePoolConnection held = Pool.Rent();
        sqlite3 old = held.Native();
        Task<SqlitePoolConnection> waiting = Pool.RentAsync().AsTask();
        _time.Advance(TimeSpan.FromHours(2));
        held.Dispose();

        using SqlitePoolConnection next = await waiting.Limited();
        Assert.NotSame(old, next.Native());
    }

    [Fact]
    public void Idle_connections_are_closed_after_a_while()
    {
        RentTogether(3);
        Assert.Equal(3, Statistics.Idle);

        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(3, Statistics.Open);
        _time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(0, Statistics.Open);
        Assert.Equal(3, Statistics.ClosedByIdle);
        Assert.Empty(_database.OpenFiles());
    }

    [Fact]
    public void Those_within_the_minimum_stay_and_are_opened_again_when_they_are_missing()
    {
        _options.MinIdle = 2;
        RentTogether(3);
        _time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(2, Statistics.Open);
        Assert.Equal(1, Statistics.ClosedByIdle);

        _time.Advance(TimeSpan.FromMinutes(41));

        Assert.Equal(2, Statistics.ClosedByAge);
        Assert.Equal(2, Statistics.Open);
    }

    [Fact]
    public void A_pool_that_was_never_used_is_not_kept_warm()
    {
        _options.MinIdle = 2;
        Assert.Equal(0, Statistics.Open);
        _time.Advance(TimeSpan.FromMinutes(20));

        Assert.Equal(0, Statistics.Open);
        Assert.False(_database.Exists());
    }

    [Fact]
    public void Overflow_connections_linger_for_a_while()
    {
        RentTogether(5);
        Assert.Equal(5, Statistics.Open);
        Assert.Equal(2, Statistics.Overflow);
        _time.Advance(TimeSpan.FromSeconds(5));
        RentTogether(5);
        Assert.Equal(5, Statistics.Misses);

        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(5, Statistics.Open);
        _time.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(3, Statistics.Open);
        Assert.Equal(2, Statistics.ClosedByOverflow);
    }

    [Fact]
    public void Without_a_linger_overflow_connections_close_as_they_come_back()
    {
        _options.OverflowIdleTimeout = TimeSpan.Zero;
        RentTogether(5);

        Assert.Equal(3, Statistics.Open);
        Assert.Equal(2, Statistics.ClosedByOverflow);
    }

    [Fact]
    public void A_broken_idle_connection_is_found_by_the_health_check()
    {
        _options.IdleTimeout = Timeout.InfiniteTimeSpan;
        Pool.BreakIdle();
        Assert.Equal(1, Statistics.Open);

        _time.Advance(TimeSpan.FromMinutes(6));

        Assert.Equal(1, Statistics.HealthCheckFailures);
        Assert.Equal(1, Statistics.Discarded);
        Assert.Equal(0, Statistics.Open);
    }

    [Fact]
    public void A_health_check_is_no_rent_and_does_not_call_the_hook_of_one()
    {
        int rents = 0;
        _options.IdleTimeout = Timeout.InfiniteTimeSpan;
        _options.Renting = _ => ++rents > 0;
        RentOnce();
        _time.Advance(TimeSpan.FromMinutes(12));

        Assert.Equal(1, rents);
        RentOnce();
        Assert.Equal(2, rents);
    }

    [Fact]
    public void A_broken_connection_that_was_idle_for_long_is_found_when_it_is_rented()
    {
        Pool.BreakIdle();
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(0, Statistics.HealthCheckFailures);

        using SqlitePoolConnection connection = Pool.Rent();

        Assert.Equal("1", connection.Ask("select 1"));
        Assert.Equal(1, Statistics.HealthCheckFailures);
    }

    [Fact]
    public void A_healthy_one_passes_both_checks()
    {
        sqlite3 first = RentOnce();
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Same(first, RentOnce());

        Assert.Equal(0, Statistics.HealthCheckFailures);
    }

    [Fact]
    public void A_check_that_meets_the_lock_of_another_process_says_nothing_against_a_connection()
    {
        _options.Pragmas.JournalMode = JournalMode.Delete;
        _options.Pragmas.BusyTimeout = TimeSpan.Zero;
        sqlite3 first = RentOnce();
        using SqliteConnection direct = _database.OpenDirectly();
        direct.Run("begin exclusive");
        _time.Advance(TimeSpan.FromMinutes(9));
        direct.Run("rollback");

        Assert.Same(first, RentOnce());
        Assert.Equal(0, Statistics.HealthCheckFailures);
    }

    [Fact]
    public void What_is_in_use_is_left_alone()
    {
        using SqlitePoolConnection connection = Pool.Rent();
        _time.Advance(TimeSpan.FromMinutes(30));

        Assert.Equal("1", connection.Ask("select 1"));
        Assert.Equal(1, Statistics.InUse);
    }

    public void Dispose()
    {
        _pool?.Dispose();
        _database.Dispose();
    }

    private sqlite3 RentOnce()
    {
        using SqlitePoolConnection connection = Pool.Rent();
        return connection.Native();
    }

    private void RentTogether(int count)
    {
        SqlitePoolConnection[] leases = [.. Enumerable.Range(0, count).Select(_ => Pool.Rent())];
        Array.ForEach(leases, lease => lease.Dispose());
    }
}
