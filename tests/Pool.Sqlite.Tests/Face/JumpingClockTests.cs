using System.Diagnostics;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>
/// A clock that is set while the pool waits: its timers are the system's, its time is not. It stands still until it is
/// set, so that no wait is over before.
/// </summary>
public sealed class JumpingClockTests
{
    [Theory]
    [InlineData(-60, false)]
    [InlineData(-60, true)]
    [InlineData(-1, false)]
    [InlineData(-1, true)]
    [InlineData(60, false)]
    [InlineData(60, true)]
    public async Task A_rent_times_out_all_the_same(int days, bool blocking)
    {
        using TempDatabase database = new();
        JumpingClock clock = new();
        SqlitePoolOptions options = database.Options(size: 1, overflow: 0);
        options.RentTimeout = TimeSpan.FromMilliseconds(200);
        await using SqlitePool pool = new(options, timeProvider: clock);
        using SqlitePoolConnection held = pool.Rent();
        Task<SqlitePoolConnection> waiting = blocking
            ? Limit.OnThread(() => pool.Rent(TimeSpan.FromMilliseconds(300)))
            : pool.RentAsync(TimeSpan.FromMilliseconds(300)).AsTask();
        await Limit.Until(() => pool.GetStatistics().Waiting == 1);
        clock.Jump(TimeSpan.FromDays(days));
        Task<SqlitePoolConnection> later = pool.RentAsync().AsTask();

        SqlitePoolTimeoutException first = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(waiting.Limited);
        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(later.Limited);
        Assert.True(first.Waited >= TimeSpan.FromMilliseconds(300), $"{first.Waited}");
        Assert.Equal(0, pool.GetStatistics().Waiting);
        Assert.True(pool.GetLeases()[0].Age >= TimeSpan.Zero);
    }

    [Theory]
    [InlineData(-60)]
    [InlineData(-1)]
    public async Task The_housekeeper_goes_on(int days)
    {
        using TempDatabase database = new();
        JumpingClock clock = new();
        SqlitePoolOptions options = database.Options();
        options.IdleTimeout = TimeSpan.FromMilliseconds(50);
        await using SqlitePool pool = new(options, timeProvider: clock);
        pool.Rent().Dispose();
        clock.Jump(TimeSpan.FromDays(days));

        await Limit.Until(() => pool.GetStatistics().Open == 0);
    }

    private sealed class JumpingClock : TimeProvider
    {
        private const long Start = TimeSpan.TicksPerDay * 100;
        private long _started;
        private long _offset;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() =>
            Volatile.Read(ref _started) is var started and > 0
                ? Start + _offset + Stopwatch.GetElapsedTime(started).Ticks
                : Start;

        public void Jump(TimeSpan by)
        {
            _offset = by.Ticks;
            Volatile.Write(ref _started, Stopwatch.GetTimestamp());
        }
    }
}
