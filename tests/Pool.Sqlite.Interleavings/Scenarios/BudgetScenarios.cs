using Pool.Sqlite.Interleavings.Controlled;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Interleavings.Scenarios;

/// <summary>Two pools that may have one item open together.</summary>
internal static class BudgetScenarios
{
    public static IEnumerable<Scenario> All =>
        [new("budget-two-pools", TwoPools), new("budget-cancel", Cancel), new("budget-close", Close)];

    private static async Task TwoPools()
    {
        OpenBudget<FakeItem> budget = new(1, new ControlledClock());
        PoolRun first = new(new LeasePoolOptions { Size = 1 }, budget);
        PoolRun second = new(new LeasePoolOptions { Size = 2 }, budget);
        bool[] served = new bool[3];
        await Check.All(
            async () => served[0] = await first.Use() && await first.Use(),
            async () => served[1] = await second.Use(),
            async () => served[2] = await second.Use()
        );
        Check.That(served[0] && served[1] && served[2], "A rent without limits was not served.");
        await AssertQuiet(budget, first, second);
    }

    private static async Task Cancel()
    {
        OpenBudget<FakeItem> budget = new(1, new ControlledClock());
        PoolRun first = new(new LeasePoolOptions { Size = 1 }, budget);
        PoolRun second = new(new LeasePoolOptions { Size = 1 }, budget);
        using CancellationTokenSource stop = new();
        bool served = false;
        await Check.All(
            async () => served = await first.Use() && await first.Use(),
            () => second.Use(stop.Token),
            () =>
            {
                stop.Cancel();
                return Task.CompletedTask;
            }
        );
        Check.That(served, "The cancellation of another rent was felt.");
        await AssertQuiet(budget, first, second);
    }

    private static async Task Close()
    {
        OpenBudget<FakeItem> budget = new(1, new ControlledClock());
        PoolRun first = new(new LeasePoolOptions { Size = 1 }, budget);
        PoolRun second = new(new LeasePoolOptions { Size = 1 }, budget);
        bool served = false;
        await Check.All(
            async () => served = await first.Use() && await first.Use(),
            async () => await second.Use(),
            () =>
            {
                second.Pool.Dispose();
                return Task.CompletedTask;
            }
        );
        Check.That(served, "The closing of another pool was felt.");
        await second.AssertClosed();
        await AssertQuiet(budget, first);
    }

    private static async Task AssertQuiet(OpenBudget<FakeItem> budget, params PoolRun[] runs)
    {
        Check.That(budget.Peak <= budget.Size, $"{budget.Peak} were open at once.");
        foreach (PoolRun run in runs)
        {
            run.Pool.Dispose();
            await run.AssertClosed();
        }

        Check.Same((0, 0), (budget.Taken, budget.Waiting), "Places taken, waiting");
    }
}
