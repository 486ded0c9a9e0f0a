using System.Diagnostics;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>A million posted items: memory must not grow beyond what a full queue holds.</summary>
internal static class QueuePosts
{
    private const string Text = "a row that nobody waits for";
    private const int Looks = 10;

    public static PostResult Run(SampleDatabase databases, int items)
    {
        var connectionString = databases.CreateEmpty($"posts-{Guid.NewGuid():N}");
        PostResult result;
        using (var pool = QueueWork.FullPool(connectionString))
        {
            var capacity = pool.GetStatistics().Writes.Capacity;
            var share = MeasureShare(pool);
            pool.Writes.FlushAsync().GetAwaiter().GetResult();
            var before = QueueWork.CountRows(connectionString);
            var (seconds, growth) = PostAll(pool, items).GetAwaiter().GetResult();
            var refused = pool.GetStatistics().Writes.PostsRefused;
            result = new PostResult(
                items, capacity, seconds, refused, growth, share, QueueWork.CountRows(connectionString) - before);
        }

        SampleDatabase.Delete(connectionString);
        return result;
    }

    // What the queue holds when it is full: with the right to write in other hands.
    private static long MeasureShare(SqlitePool pool)
    {
        pool.Writes.ExecuteAsync(KeyValueWork.InsertSql, [0, Text]).GetAwaiter().GetResult();
        using var holder = pool.RentWriter();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        while (pool.Writes.TryPost(KeyValueWork.InsertSql, [0, Text]))
        {
        }

        return GC.GetTotalMemory(forceFullCollection: true) - before;
    }

    private static async Task<(double Seconds, long Growth)> PostAll(SqlitePool pool, int items)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var growth = 0L;
        var looking = TimeSpan.Zero;
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < items; i++)
        {
            while (!pool.Writes.TryPost(KeyValueWork.InsertSql, [i, Text]))
            {
                await Task.Delay(1).ConfigureAwait(false);
            }

            if (i % (items / Looks) == items / Looks / 2)
            {
                var look = Stopwatch.GetTimestamp();
                growth = Math.Max(growth, GC.GetTotalMemory(forceFullCollection: true) - before);
                looking += Stopwatch.GetElapsedTime(look);
            }
        }

        await pool.Writes.FlushAsync().ConfigureAwait(false);
        return ((Stopwatch.GetElapsedTime(start) - looking).TotalSeconds, growth);
    }
}
