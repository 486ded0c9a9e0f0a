using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>Everything at once. What must hold afterwards, <see cref="LeasePoolTest"/> checks.</summary>
public sealed class StressTests : LeasePoolTest
{
    private int _refused;
    private int _cancelled;
    private int _failures;
    private int _unhealthy;
    private volatile bool _done;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task However_all_operations_meet_nothing_is_lost_and_every_counter_is_exact(int seed, bool checks)
    {
        MakePoolFor(seed, checks);
        Task clock = Task.Run(RunClock);
        Task[] actors =
        [
            .. Enumerable.Range(0, 6).Select(i => Task.Run(() => Act(Seeded(seed, i), rounds: 1500))),
            .. Enumerable.Range(6, 2).Select(i => Limit.OnThread(() => Block(Seeded(seed, i), rounds: 1000))),
        ];
        await Task.WhenAll(actors).WaitAsync(TimeSpan.FromMinutes(5));
        _done = true;
        await clock.Limited();

        // Opens that were abandoned may still be under way: all is quiet when every permit is home.
        Source.Opening = null;
        Source.Checking = null;
        LeaseCounts counts = Counts;
        Assert.Equal((_refused, _cancelled), (counts.Timeouts, counts.Cancellations));
        await AssertPermitsAreHome();
        AssertCountersAreExact();
        Assert.Equal((_failures, _unhealthy), (Counts.OpenFailures, Counts.HealthCheckFailures));
        Assert.InRange(Counts.PeakInUse, 1, 3);
    }

    [Fact]
    public async Task However_closing_meets_all_operations_everything_ends_and_nothing_is_left_open()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            await using StressTests round = new();
            await round.CloseInTheMiddle(seed);
        }
    }

    private async Task CloseInTheMiddle(int seed)
    {
        MakePoolFor(seed, checksEveryRent: seed % 3 == 0);
        Task clock = Task.Run(RunClock);
        Task[] actors =
        [
            .. Enumerable.Range(0, 4).Select(i => Task.Run(() => Act(Seeded(seed, i), rounds: int.MaxValue))),
            Limit.OnThread(() => Block(Seeded(seed, 5), rounds: int.MaxValue)),
        ];
        await Limit.Until(() => Counts.Rents > seed % 40);
        await Task.WhenAll(Task.Run(Pool.Dispose), Task.Run(Pool.Dispose));
        await Task.WhenAll(actors).WaitAsync(TimeSpan.FromMinutes(5));
        _done = true;
        await clock.Limited();
        await AssertDrained();
        Assert.Equal((_refused, _cancelled), (Counts.Timeouts, Counts.Cancellations));
    }

    private void MakePoolFor(int seed, bool checksEveryRent)
    {
        Source.Opening = _ => FailSometimes();
        Source.Checking = (_, _) => RefuseSometimes();
        Source.ChecksEveryRent = checksEveryRent;
        MakePool(
            new LeasePoolOptions
            {
                Size = 2,
                MaxOverflow = 1,
                MinIdle = 1,
                MaxWaiters = seed % 2 == 0 ? 5 : int.MaxValue,
                CreateRetries = 1,
                RentTimeout = Milliseconds(20),
                MaxLifetime = Milliseconds(300),
                IdleTimeout = Milliseconds(60),
                OverflowIdleTimeout = seed % 2 == 0 ? TimeSpan.Zero : Milliseconds(20),
                ProbeAfterIdle = Milliseconds(10),
                HealthCheckInterval = Milliseconds(30),
            }
        );
    }

    private async Task RunClock()
    {
        while (!_done)
        {
            Time.Advance(Milliseconds(0.2));
            await Task.Yield();
        }
    }

    private async Task Act(Random random, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            if (!await Try(() => Once(random)))
            {
                return;
            }
        }
    }

    private void Block(Random random, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            using CancellationTokenSource cancel = new();
            Task<bool> done = Try(() =>
            {
                Task cancelling = random.Next(5) == 0 ? Task.Run(cancel.Cancel) : Task.CompletedTask;
                try
                {
                    Return(Take(Pool.Rent(cancel.Token)), Reason(random));
                }
                finally
                {
                    cancelling.Wait(Limit.Length);
                }

                return Task.CompletedTask;
            });
            if (!done.Result)
            {
                return;
            }
        }
    }

    private Task Once(Random random) =>
        random.Next(100) switch
        {
            < 80 => RentOnce(random),
            < 88 => Do(Pool.Sweep),
            < 90 => Do(Pool.Clear),
            < 94 => ExcludeOnce(random),
            < 97 => Pool.WarmUp(CancellationToken.None),
            _ => Do(() => Time.Advance(Milliseconds(random.NextDouble() * 5))),
        };

    private static Task Do(Action work)
    {
        work();
        return Task.CompletedTask;
    }

    private async Task RentOnce(Random random)
    {
        using CancellationTokenSource cancel = new();
        Task<PoolEntry<FakeItem>> rent = Pool.RentAsync(cancel.Token).AsTask();
        if (random.Next(5) == 0)
        {
            await Task.Yield();
            await cancel.CancelAsync();
        }

        PoolEntry<FakeItem> item = Take(await rent);
        for (int i = random.Next(4); i > 0; i--)
        {
            await Task.Yield();
        }

        Return(item, Reason(random));
    }

    private async Task ExcludeOnce(Random random)
    {
        using CancellationTokenSource cancel = new();
        Task exclusive = Pool.BeginExclusive(cancel.Token);
        if (random.Next(3) == 0)
        {
            await cancel.CancelAsync();
        }

        await exclusive;
        Assert.Equal((0, 0), (Counts.InUse, Counts.Opening));
        Pool.EndExclusive();
    }

    /// <summary>Counts how it failed. False when the pool is closed.</summary>
    private async Task<bool> Try(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RefusedException e)
        {
            // Exclusive work is no rent.
            Interlocked.Add(ref _refused, e.Refusal == RentRefusal.TimedOutWaitingForAll ? 0 : 1);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _cancelled);
        }
        catch (FakeFailure) { }
        catch (ObjectDisposedException)
        {
            return false;
        }

        return true;
    }

    private void FailSometimes()
    {
        int dice = Random.Shared.Next(40);
        Thread.SpinWait(dice * 20);
        if (dice < 2)
        {
            Interlocked.Increment(ref _failures);
            throw new FakeFailure(transient: dice == 0);
        }
    }

    private RetireReason RefuseSometimes()
    {
        int dice = Random.Shared.Next(40);
        Interlocked.Add(ref _unhealthy, dice == 0 ? 1 : 0);
        return dice switch
        {
            0 => RetireReason.Unhealthy,
            1 => RetireReason.Retired,
            _ => RetireReason.None,
        };
    }

    private static Random Seeded(int seed, int actor) => new((seed * 100) + actor);

    private static RetireReason Reason(Random random) =>
        random.Next(20) == 0 ? RetireReason.Retired : RetireReason.None;
}
