using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>Those who take part in most cases.</summary>
internal static class Field
{
    private const int Spare = 2;

    // The driver has no asynchronous work: so many callers run at once as there are threads.
    private const int MostAtOnce = 96;

    /// <summary>Threads that loop over <paramref name="worker"/>'s work on this pool and on the driver's.</summary>
    public static IReadOnlyList<Contestant> Loops(
        int threads,
        int batch,
        Func<IContender, int, Action<int>> worker,
        bool unpooled = false
    )
    {
        Work Loop(IContender contender) => new ThreadLoop(threads, batch, seed => worker(contender, seed), contender);
        List<Contestant> field =
        [
            new(Role.Pool, file => Loop(new ThisPool(file, threads))),
            new(Role.Driver, file => Loop(new DriverPool(file, threads + Spare))),
        ];
        if (unpooled)
        {
            field.Add(new(Role.Unpooled, file => Loop(new Unpooled(file))));
        }

        return field;
    }

    /// <summary>The same, one operation at a time on rows in a shuffled order.</summary>
    public static IReadOnlyList<Contestant> Loops(Action<IContender, long> operation, bool unpooled = false) =>
        Loops(1, 32, (contender, seed) => OnRows(seed, row => operation(contender, row)), unpooled);

    public static Action<int> OnRows(int seed, Action<long> operation)
    {
        RowSequence rows = new(seed, SampleDatabase.Rows);
        return count =>
        {
            for (int i = 0; i < count; i++)
            {
                operation(rows.Next(Statements.RangeRows));
            }
        };
    }

    /// <summary>Tasks that repeat an operation with <c>synchronous=FULL</c> on this pool and on the driver's.</summary>
    public static IReadOnlyList<Contestant> Crowds(
        CrowdPlan plan,
        Func<IContender, int, Func<Task>> operation,
        bool unpooled = false,
        bool floor = false
    )
    {
        const SynchronousMode Full = SynchronousMode.Full;
        Work Crowd(string file, IContender contender, CrowdPlan? other = null) =>
            new TaskCrowd(other ?? plan, file, contender, seed => operation(contender, seed));
        bool writes = plan.RowsPerOperation > 0;
        List<Contestant> field =
        [
            new(Role.Pool, file => Crowd(file, new ThisPool(file, synchronous: Full)), writes),
            new(
                Role.Driver,
                file => Crowd(file, new DriverPool(file, Math.Min(plan.Tasks, MostAtOnce) + Spare, Full)),
                writes
            ),
        ];
        if (unpooled)
        {
            // A tenth of the work: opening and closing makes each operation take milliseconds.
            CrowdPlan small = plan with
            {
                Operations = plan.Operations / 10,
            };
            field.Add(new(Role.Unpooled, file => Crowd(file, new Unpooled(file, Full), small), writes));
        }

        if (floor)
        {
            // Each commit synced by SQLite itself.
            field.Add(
                new(Role.Floor, file => Crowd(file, new ThisPool(file, synchronous: Full, groupCommit: false)), writes)
            );
        }

        return field;
    }
}
