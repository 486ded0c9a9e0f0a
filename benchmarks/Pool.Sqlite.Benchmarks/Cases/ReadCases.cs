using System.Data.Common;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>Rents, reads, rows and leases that set PRAGMAs, on dedicated threads.</summary>
internal static class ReadCases
{
    private static readonly Goal Floor = new(Figure.Time, Against: Role.Floor);

    public static IReadOnlyList<Case> All { get; } =
    [
        .. RentCases(),
        new Contest(
            "point",
            "reads",
            "point read, a new command",
            [.. Field.Loops(Point, unpooled: true), PointFloor],
            [new(Figure.Time), Floor with { Limit = 1.35 }, new(Figure.Bytes, 400, Against: null)]
        ),
        new Contest(
            "point-written",
            "reads",
            "the same, written to five times a second",
            [new(Role.Pool, WrittenTo), PointFloor],
            [Floor]
        ),
        new Contest(
            "dapper",
            "reads",
            "Dapper ExecuteScalar",
            Field.Loops(PointByDapper),
            [new(Figure.Time, 0.4), new(Figure.Bytes, Against: null)]
        ),
        new Contest(
            "ten",
            "reads",
            "ten point reads (in one reader lease)",
            Field.Loops(TenPoints),
            [new(Figure.Time, 0.2), new(Figure.Bytes, Against: null)]
        ),
        new Contest(
            "rows",
            "rows",
            "100 rows x 3 columns by reader",
            [
                .. Field.Loops(Range, unpooled: true),
                new(
                    Role.Floor,
                    file => StatementFloor.Loop(file, Statements.RangeSql, (floor, row) => floor.Range(row))
                ),
            ],
            [new(Figure.Time, 0.6), Floor with { Limit = 1.1 }, new(Figure.Bytes, Against: null)]
        ),
        new Contest(
            "rows-dapper",
            "rows",
            "the same by Dapper Query<T>",
            Field.Loops(RangeByDapper),
            [new(Figure.Time, 0.7), new(Figure.Bytes, Against: null)]
        ),
        Setting("foreign-keys", "foreign_keys = 1"),
        Setting("temp-store", "synchronous = normal; temp_store = memory"),
    ];

    private static Contestant PointFloor =>
        new(Role.Floor, file => StatementFloor.Loop(file, Statements.PointSql, (floor, row) => floor.Point(row)));

    private static IEnumerable<Case> RentCases()
    {
        foreach (int threads in (int[])[1, 2, 8, 32])
        {
            const int Batch = 1_000;
            Contestant[] floor =
            [
                new(Role.Floor, _ => new ThreadLoop(threads, Batch, new PermitFloor(threads).CreateWorker, null)),
            ];
            Goal[] more = threads > 1 ? [] : [Floor with { Limit = 2.1 }, new(Figure.Bytes, 80, Against: null)];
            string title = $"rent + return, {threads} thread{(threads > 1 ? "s" : "")}";
            yield return new Contest(
                $"rent-{threads}",
                "rents",
                title,
                [.. Field.Loops(threads, Batch, (contender, _) => contender.OpenAndClose), .. floor],
                [new(Figure.Time, 0.4), .. more]
            );
        }
    }

    private static Contest Setting(string key, string settings)
    {
        string sql = "pragma " + settings.Replace("; ", "; pragma ", StringComparison.Ordinal);
        return new Contest(
            key,
            "settings",
            settings,
            Field.Loops(
                (contender, _) =>
                {
                    using DbConnection connection = contender.Open();
                    Statements.Execute(connection, sql);
                }
            ),
            [new(Figure.Time, 2)]
        );
    }

    private static ThreadLoop WrittenTo(string file)
    {
        ThisPool pool = new(file);
        Timer timer = new(_ => Write(pool), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
        return new ThreadLoop(1, 32, seed => Field.OnRows(seed, row => Point(pool, row)), new WrittenPool(pool, timer));
    }

    private static void Write(ThisPool pool)
    {
        using DbConnection connection = pool.Open();
        Statements.InsertAsync(connection).GetAwaiter().GetResult();
    }

    private static void Point(IContender contender, long row)
    {
        using DbConnection connection = contender.Open();
        Statements.Point(connection, row);
    }

    private static void PointByDapper(IContender contender, long row)
    {
        using DbConnection connection = contender.Open();
        Statements.PointByDapper(connection, row);
    }

    private static void TenPoints(IContender contender, long row)
    {
        // The driver's pool has nothing like a reader lease: ten reads, each with a connection opened for it.
        if (contender is ThisPool pool)
        {
            using SqlitePoolConnection reader = pool.Pool.RentReader();
            for (int i = 0; i < 10; i++)
            {
                Statements.Point(reader, row + i);
            }
        }
        else
        {
            for (int i = 0; i < 10; i++)
            {
                Point(contender, row + i);
            }
        }
    }

    private static void Range(IContender contender, long row)
    {
        using DbConnection connection = contender.Open();
        Statements.Range(connection, row);
    }

    private static void RangeByDapper(IContender contender, long row)
    {
        using DbConnection connection = contender.Open();
        Statements.RangeByDapper(connection, row);
    }
}
