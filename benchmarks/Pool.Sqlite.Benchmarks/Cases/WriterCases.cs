using System.Data.Common;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>Writers under contention, at <c>synchronous=FULL</c>, each waiting for its own commit: by Dapper through a
/// lease, and through the write queue.</summary>
internal static class WriterCases
{
    public const string Writers = "writers";
    public const string Queue = "queue";

    private const int Threads = 32;

    public static IReadOnlyList<Case> All { get; } =
    [
        Of(1, 3_200, rate: null, queue: null),
        Of(4, 3_200, rate: 2.5, queue: 3),
        Of(16, 3_200, rate: 8, queue: 8),
        Of(64, 1_920, rate: 20, queue: 20),
        Of(256, 2_560, rate: 15, queue: 20),
        new Contest(
            "transactions",
            "transactions",
            "16 tasks, three inserts a transaction",
            Field.Crowds(new CrowdPlan(16, 1_600, 3), (contender, _) => () => ThreeInserts(contender)),
            [new(Figure.Rate, 4), new(Figure.Worst)]
        )
        {
            MinimumThreads = Threads,
        },
        Mixed(0, 2, ""),
        Mixed(70, 6, ", 70 minimum threads"),
    ];

    private static Contest Of(int writers, int operations, double? rate, double? queue)
    {
        CrowdPlan plan = new(writers, operations, 1);
        bool few = writers == 1;
        double? worst = writers < 16 ? null : 1.0 / 50;
        return new Contest(
            $"writers-{writers}",
            Writers,
            few ? "1 writer" : $"{writers} writers",
            [
                .. Field.Crowds(plan, (contender, _) => () => Insert(contender), unpooled: few, floor: few),
                new(Role.Queue, file => ThroughQueue(plan, file), Writes: true),
            ],
            [
                new(Figure.Rate, rate),
                .. few ? [new Goal(Figure.Rate, 0.95, Against: Role.Floor)] : (Goal[])[],
                new(Figure.Worst, worst),
                new(Figure.Rate, queue, Role.Queue, Suite: Queue),
                new(Figure.Worst, worst, Role.Queue, Suite: Queue),
            ]
        )
        {
            MinimumThreads = Threads,
        };
    }

    private static Contest Mixed(int threads, double rate, string how) =>
        new(
            $"mixed-{(threads == 0 ? "few" : threads)}",
            "mixed",
            "32 tasks" + how,
            Field.Crowds(new CrowdPlan(32, 9_600, 0), MixedOperation),
            [new(Figure.Rate, rate), new(Figure.Worst)]
        )
        {
            MinimumThreads = threads,
        };

    private static TaskCrowd ThroughQueue(CrowdPlan plan, string file)
    {
        ThisPool pool = new(file, synchronous: SynchronousMode.Full);
        return new TaskCrowd(
            plan,
            file,
            pool,
            _ => () => pool.Pool.Writes.ExecuteAsync(Statements.InsertSql, ["key", Statements.Text])
        );
    }

    private static async Task Insert(IContender contender)
    {
        using DbConnection connection = await contender.OpenAsync().ConfigureAwait(false);
        await Statements.InsertAsync(connection).ConfigureAwait(false);
    }

    private static async Task ThreeInserts(IContender contender)
    {
        using DbConnection connection = await contender.OpenAsync().ConfigureAwait(false);
        using DbTransaction transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        for (int i = 0; i < 3; i++)
        {
            await Statements.InsertAsync(connection, transaction).ConfigureAwait(false);
        }

        await transaction.CommitAsync().ConfigureAwait(false);
    }

    private static Func<Task> MixedOperation(IContender contender, int seed)
    {
        RowSequence rows = new(seed, SampleDatabase.Rows);
        return async () =>
        {
            long row = rows.Next();
            using DbConnection connection = await contender.OpenAsync().ConfigureAwait(false);
            if (row % 10 == 0)
            {
                await Statements.InsertAsync(connection).ConfigureAwait(false);
            }
            else
            {
                Statements.Point(connection, row);
            }
        };
    }
}
