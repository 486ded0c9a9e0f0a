using System.Diagnostics;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>A million posted items: memory must not grow beyond what a full queue holds.</summary>
internal static class QueuePosts
{
    private const string Text = "a row that nobody waits for";
    private const int Looks = 10;
    private const double MostGrowth = 1.1;

    public static CaseResult Run(Runner runner)
    {
        int items = runner.Effort.Scale(1_000_000, atLeast: 20_000);
        string connectionString = runner.Databases.CopyEmpty();
        double seconds;
        long growth,
            share,
            before;
        using (ThisPool contender = new(connectionString, synchronous: SynchronousMode.Full))
        {
            share = MeasureShare(contender.Pool);
            contender.Pool.Writes.FlushAsync().GetAwaiter().GetResult();
            before = SampleDatabase.CountWritten(connectionString);
            (seconds, growth) = PostAll(contender.Pool, items).GetAwaiter().GetResult();
        }

        long missing = items - (SampleDatabase.CountWritten(connectionString) - before);
        SampleDatabase.Delete(connectionString);
        double ratio = Math.Max(0, (double)growth / share);
        return new CaseResult(
            "posts",
            [],
            [
                new(WriterCases.Queue, Format.Count(items) + " posted items", Format.Count(items / seconds) + "/s"),
                new(
                    WriterCases.Queue,
                    "  memory, against a full queue",
                    Format.Count(growth / 1024.0) + " KiB",
                    Ratio: ratio,
                    RatioText: Format.Ratio(ratio),
                    Reach: "≤ " + Format.Ratio(MostGrowth),
                    Met: ratio <= MostGrowth
                ),
            ],
            missing == 0 ? [] : [$"posted items: {missing} rows missing"]
        );
    }

    // What the queue holds when it is full: with the right to write in other hands.
    private static long MeasureShare(SqlitePool pool)
    {
        pool.Writes.ExecuteAsync(Statements.InsertSql, [0, Text]).GetAwaiter().GetResult();
        using SqlitePoolConnection holder = pool.RentWriter();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        while (pool.Writes.TryPost(Statements.InsertSql, [0, Text])) { }

        return GC.GetTotalMemory(forceFullCollection: true) - before;
    }

    private static async Task<(double Seconds, long Growth)> PostAll(SqlitePool pool, int items)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long growth = 0L;
        TimeSpan looking = TimeSpan.Zero;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < items; i++)
        {
            while (!pool.Writes.TryPost(Statements.InsertSql, [i, Text]))
            {
                await Task.Delay(1).ConfigureAwait(false);
            }

            if (i % (items / Looks) == items / Looks / 2)
            {
                long look = Stopwatch.GetTimestamp();
                growth = Math.Max(growth, GC.GetTotalMemory(forceFullCollection: true) - before);
                looking += Stopwatch.GetElapsedTime(look);
            }
        }

        await pool.Writes.FlushAsync().ConfigureAwait(false);
        return ((Stopwatch.GetElapsedTime(start) - looking).TotalSeconds, growth);
    }
}
