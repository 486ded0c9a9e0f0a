using System.Collections.Concurrent;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>
/// A clock that runs other code whenever it is called, and waits for it, as the fake one of
/// Microsoft.Extensions.TimeProvider.Testing runs the callbacks of timers when it is read. What that code needs must
/// not be held by the caller: no lock is held while the clock is called.
/// </summary>
public sealed class CallbackClockTests
{
    private readonly CallbackClock _clock = new();
    private int _others;

    [Fact]
    public async Task Rents_that_wait_time_out_and_are_cancelled()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = MakePool(database, size: 1);
        _clock.Called = () => Meddle(pool);
        using (pool.Rent())
        {
            await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
                pool.RentAsync(TimeSpan.FromMilliseconds(20)).AsTask().Limited()
            );
            using CancellationTokenSource cancel = new();
            Task<SqlitePoolConnection> cancelled = pool.RentAsync(cancel.Token).AsTask();
            cancel.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Limited());
        }

        await pool.ClearAsync();
        (await pool.RentAsync().AsTask().Limited()).Dispose();
        _clock.AssertNothingWasHeld();
    }

    [Fact]
    public async Task Statements_that_write_fail_and_are_queued()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = MakePool(database, size: 4);
        await pool.ExecuteAsync("create table t (x)");
        _clock.Called = () => Meddle(pool);
        await pool.ExecuteAsync("insert into t values (1)");
        _clock.Called = () => _ = pool.Writes.EnqueueAsync(static _ => { });
        await pool.Writes.EnqueueAsync(static c => c.Run("insert into t values (2)"));
        using (SqlitePoolConnection connection = pool.Rent())
        {
            connection.Run("pragma query_only = 1");
            _clock.Called = () => Meddle(pool);
            Assert.ThrowsAny<Exception>(() => connection.Run("insert into t values (3)"));
        }

        Assert.Contains(pool.GetHealth().Reasons, static reason => reason.Contains("read-only"));
        _clock.AssertNothingWasHeld();
    }

    [Fact]
    public async Task The_housekeeper_goes_round_and_the_pool_is_closed()
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options();
        options.IdleTimeout = TimeSpan.FromMilliseconds(20);
        SqlitePool pool = new(options, timeProvider: _clock);
        _clock.Called = () =>
        {
            _ = pool.GetStatistics();
            UseAnother();
        };
        pool.Rent().Dispose();
        await Limit.Until(() => database.OpenFiles().Length == 0);
        await pool.DisposeAsync();
        _clock.AssertNothingWasHeld();
    }

    [Fact]
    public async Task Pools_of_a_set_are_made_let_go_and_closed()
    {
        using TempDatabase database = new();
        SqlitePoolSetOptions options = new()
        {
            Folder = database.In("set"),
            MaxOpenPools = 1,
            MaxOpenConnections = 2,
            PoolIdleTimeout = TimeSpan.FromMilliseconds(40),
        };
        Directory.CreateDirectory(options.Folder);
        SqlitePoolSet set = new(options, null, _clock);
        int number = 0;
        for (int i = 0; i < 3; i++)
        {
            _clock.Called = () =>
            {
                _ = set.GetStatistics();
                RentBriefly(set.GetPool($"other-{number++ % 3}"));
            };
            using SqlitePoolConnection connection = await set.RentAsync($"{i}").AsTask().Limited();
        }

        _clock.Called = () => set.GetStatistics();
        await Limit.Until(() => set.GetStatistics().OpenPools == 0);
        await set.DisposeAsync();
        _clock.AssertNothingWasHeld();
    }

    [Fact]
    public async Task A_clock_that_throws_when_a_timer_is_set_loses_no_permit()
    {
        using TempDatabase database = new();
        ThrowingClock clock = new();
        await using SqlitePool pool = new(database.Options(size: 1, overflow: 0), timeProvider: clock);
        SqlitePoolConnection held = pool.Rent();
        clock.Throws = true;
        Task<SqlitePoolConnection> waiting = pool.RentAsync().AsTask();
        clock.Throws = false;
        held.Dispose();

        (await waiting.Limited()).Dispose();
        (await pool.RentAsync().AsTask().Limited()).Dispose();
        SqlitePoolStatistics statistics = pool.GetStatistics();
        Assert.Equal((0, 0), (statistics.InUse, statistics.Waiting));
    }

    private SqlitePool MakePool(TempDatabase database, int size)
    {
        SqlitePoolOptions options = database.Options(size, overflow: 0);
        options.SlowThreshold = TimeSpan.FromTicks(1);
        return new SqlitePool(options, new TestLog(), _clock);
    }

    // Takes the locks of rents and of what is told about them, and waits for nothing that others have.
    private void Meddle(SqlitePool pool)
    {
        _ = pool.GetStatistics();
        _ = pool.GetHealth();
        RentBriefly(pool);
        UseAnother();
    }

    // Not at every call: what sets a timer sets it again for a change meanwhile.
    private void UseAnother()
    {
        if (_others++ % 8 > 0)
        {
            return;
        }

        using SqlitePool other = new(
            new SqlitePoolOptions { ConnectionString = "Data Source=:memory:" },
            timeProvider: _clock
        );
        other.Rent().Dispose();
    }

    // Blocking, which keeps its own time: a timer may be about to be set by the thread that waits for this.
    private static void RentBriefly(SqlitePool pool)
    {
        try
        {
            pool.Rent(TimeSpan.FromMilliseconds(1)).Dispose();
        }
        catch (SqlitePoolTimeoutException) { }
    }

    private sealed class ThrowingClock : TimeProvider
    {
        public bool Throws { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Throws ? throw new NotSupportedException() : base.CreateTimer(callback, state, dueTime, period);
    }

    private sealed class CallbackClock : TimeProvider
    {
        private readonly AsyncLocal<bool> _isOfTest = new();
        private readonly ConcurrentQueue<string> _faults = new();
        private Action? _called;
        private int _isCalling;
        private int _calls;

        /// <summary>
        /// Sets what is run on another thread at each call of the flow that sets it, except at those that come
        /// meanwhile.
        /// </summary>
        public Action Called
        {
            set
            {
                _called = value;
                _isOfTest.Value = true;
            }
        }

        public override long GetTimestamp()
        {
            Call();
            return base.GetTimestamp();
        }

        public override DateTimeOffset GetUtcNow()
        {
            Call();
            return base.GetUtcNow();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Call();
            return new CallbackTimer(this, base.CreateTimer(callback, state, dueTime, period));
        }

        public void AssertNothingWasHeld()
        {
            Assert.Empty(_faults);
            Assert.InRange(_calls, 5, int.MaxValue);
        }

        private void Call()
        {
            if (!_isOfTest.Value || _called is not { } called || Interlocked.Exchange(ref _isCalling, 1) == 1)
            {
                return;
            }

            Thread thread = new(() => Run(called));
            using (ExecutionContext.SuppressFlow())
            {
                thread.Start();
            }

            if (!thread.Join(Limit.Length))
            {
                _faults.Enqueue($"A lock was held: {Environment.StackTrace}");
                return;
            }

            _calls++;
            Volatile.Write(ref _isCalling, 0);
        }

        private void Run(Action called)
        {
            try
            {
                called();
            }
            catch (Exception e)
            {
                _faults.Enqueue(e.ToString());
            }
        }

        private sealed class CallbackTimer(CallbackClock clock, ITimer inner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                clock.Call();
                return inner.Change(dueTime, period);
            }

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
