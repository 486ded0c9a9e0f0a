using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Interleavings.Scenarios;

/// <summary>The waiters, permits, slots and entries of one pool.</summary>
internal static class PoolScenarios
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static IEnumerable<Scenario> All =>
        [
            new("pool-one-permit", OnePermit),
            new("pool-two-permits", TwoPermits),
            new("pool-cancel", Cancel),
            new("pool-timeout", TimeOut),
            new("pool-abandoned-open", AbandonedOpen),
            new("pool-failing-open", FailingOpen),
            new("pool-close", static () => Close(overflow: 1)),
            new("pool-close-one-permit", static () => Close(overflow: 0)),
            new("pool-close-sweep", CloseMeetsSweep),
            new("pool-exclusive", Exclusive),
            new("pool-clear-sweep", ClearAndSweep),
            new("pool-retire", Retire),
        ];

    // A hand-over to those who wait: nobody is stranded, whichever of the looks comes first.
    private static async Task OnePermit()
    {
        PoolRun run = new(new LeasePoolOptions { Size = 1 });
        bool[] served = new bool[4];
        await Check.All(
            async () => served[0] = await run.Use() && await run.Use(),
            async () => served[1] = await run.Use(),
            async () => served[2] = await run.Use()
        );
        Check.That(served[0] && served[1] && served[2], "A rent without limits was not served.");
        await run.AssertQuiet();
    }

    // The same with a slot for each of two cores, and the queue of idle items behind them.
    private static async Task TwoPermits()
    {
        PoolRun run = new(
            new LeasePoolOptions
            {
                Size = 1,
                MaxOverflow = 1,
                OverflowIdleTimeout = TimeSpan.Zero,
            }
        );
        bool[] served = new bool[3];
        await Check.All(
            async () => served[0] = await run.Use() && await run.Use(),
            async () => served[1] = await run.Use() && await run.Use(),
            async () => served[2] = await run.Use()
        );
        Check.That(served[0] && served[1] && served[2], "A rent without limits was not served.");
        await run.AssertQuiet();
    }

    private static async Task Cancel()
    {
        PoolRun run = new(new LeasePoolOptions { Size = 1 });
        PoolEntry<FakeItem> held = run.Lend(await run.Pool.RentAsync());
        using CancellationTokenSource stop = new();
        bool[] served = new bool[2];
        await Check.All(
            () => run.Use(stop.Token),
            async () => served[0] = await run.Use(),
            () =>
            {
                stop.Cancel();
                return Task.CompletedTask;
            },
            () =>
            {
                run.Return(held);
                return Task.CompletedTask;
            }
        );
        Check.That(served[0], "The cancellation of another rent was felt.");
        await run.AssertQuiet();
    }

    private static async Task TimeOut()
    {
        PoolRun run = new(new LeasePoolOptions { Size = 1, RentTimeout = Second });
        PoolEntry<FakeItem> held = run.Lend(await run.Pool.RentAsync());
        await Check.All(
            () => RentAsync(run),
            () => RentAsync(run),
            () =>
            {
                run.Clock.Advance(2 * Second);
                return Task.CompletedTask;
            },
            () =>
            {
                run.Return(held);
                return Task.CompletedTask;
            }
        );
        await run.AssertQuiet();
    }

    private static async Task AbandonedOpen()
    {
        PoolRun run = new(new LeasePoolOptions { Size = 1 });
        using CancellationTokenSource stop = new();
        bool served = false;
        await Check.All(
            async () =>
            {
                try
                {
                    run.Return(run.Lend(await run.Pool.RentAsync(stop.Token)));
                }
                catch (OperationCanceledException) { }
            },
            async () => served = await run.Use(),
            () =>
            {
                stop.Cancel();
                return Task.CompletedTask;
            }
        );
        Check.That(served, "The cancellation of another rent was felt.");
        await run.AssertQuiet();
    }

    private static async Task FailingOpen()
    {
        PoolRun run = new(new LeasePoolOptions { Size = 1, MaxOverflow = 1 });
        run.Source.Opening = number =>
        {
            if (number <= 3 && run.Either())
            {
                throw new FakeFailure(transient: false);
            }
        };
        run.Source.ChecksEveryRent = true;
        run.Source.Checking = (_, _) => run.Source.Checks < 3 && run.Either() ? RetireReason.Age : RetireReason.None;
        await Check.All(() => run.Use(), () => run.Use(), () => run.Use());
        run.Source.Opening = null;
        run.Source.Checking = null;
        await run.AssertQuiet();
    }

    private static async Task Close(int overflow)
    {
        PoolRun run = new(new LeasePoolOptions { Size = 1, MaxOverflow = overflow });
        await Check.All(
            async () => await run.Use(),
            async () => _ = await run.Use() && await run.Use(),
            async () => await run.Use(),
            () =>
            {
                run.Pool.Dispose();
                return Task.CompletedTask;
            }
        );
        await run.AssertClosed();
        Check.That(!await run.Use(), "A pool that is closed has lent.");
    }

    // The housekeeper of a pool that is closed opens nothing, and keeps nothing.
    private static async Task CloseMeetsSweep()
    {
        PoolRun run = new(new LeasePoolOptions { Size = 2, MinIdle = 2 });
        await run.Use();
        await Check.All(
            async () => await run.Use(),
            () =>
            {
                run.Pool.Sweep();
                return Task.CompletedTask;
            },
            () =>
            {
                run.Pool.Dispose();
                return Task.CompletedTask;
            }
        );
        await run.AssertClosed();
        int opened = run.Source.Opened;
        run.Pool.Sweep();
        Check.Same(opened, run.Source.Opened, "Items opened after the end");
    }

    private static async Task Exclusive()
    {
        PoolRun run = new(new LeasePoolOptions { Size = 2 });
        async Task Exclude()
        {
            await run.Pool.BeginExclusive(CancellationToken.None);
            LeaseCounts counts = run.Pool.Count();
            Check.Same(
                (0, 0, 0),
                (counts.InUse, counts.Opening, counts.Open),
                "In use, opening, open in exclusive work"
            );
            run.Pool.EndExclusive();
        }

        bool[] served = new bool[2];
        await Check.All(
            async () => served[0] = await run.Use() && await run.Use(),
            async () => served[1] = await run.Use(),
            Exclude,
            Exclude
        );
        Check.That(served[0] && served[1], "A rent without limits was not served.");
        await run.AssertQuiet();
    }

    // The housekeeper and a clear take out idle items, one at a time, while rents come and go.
    private static async Task ClearAndSweep()
    {
        PoolRun run = new(
            new LeasePoolOptions
            {
                Size = 1,
                MaxOverflow = 1,
                MinIdle = 1,
                IdleTimeout = Second,
                HealthCheckInterval = 2 * Second,
            }
        );
        await run.Use();
        bool[] served = new bool[2];
        await Check.All(
            async () => served[0] = await run.Use() && await run.Use(),
            async () => served[1] = await run.Use(),
            () =>
            {
                run.Clock.Advance(Second);
                run.Pool.Sweep();
                return Task.CompletedTask;
            },
            () =>
            {
                run.Clear();
                return run.Pool.WarmUp(CancellationToken.None);
            }
        );
        Check.That(served[0] && served[1], "A rent without limits was not served.");
        await run.AssertQuiet();
    }

    private static async Task Retire()
    {
        PoolRun run = new(new LeasePoolOptions { Size = 1, MaxLifetime = Second });
        async Task UseAndRetire()
        {
            PoolEntry<FakeItem> entry = run.Lend(await run.Pool.RentAsync());
            run.Return(entry, run.Either() ? RetireReason.Retired : RetireReason.None);
        }

        await Check.All(
            UseAndRetire,
            UseAndRetire,
            async () => await run.Use(),
            () =>
            {
                run.Clock.Advance(2 * Second);
                return Task.CompletedTask;
            }
        );
        await run.AssertQuiet();
    }

    private static async Task RentAsync(PoolRun run)
    {
        try
        {
            run.Return(run.Lend(await run.Pool.RentAsync()));
        }
        catch (RefusedException) { }
    }
}
