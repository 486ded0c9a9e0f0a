using System.Diagnostics;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>Ten thousand tasks that wait for one of four connections: what does a waiter cost, and is each one
/// served?</summary>
internal sealed class WaiterCrowd(string connectionString)
{
    private const int Connections = 4;
    private const int Waiters = 10_000;

    // The runtime may start a thread or two of its own at any time; a blocked thread a waiter would be thousands.
    private const int MostThreads = 2;
    private const int MostBytes = 1_024;

    private int _served;
    private int _holding;
    private int _mostAtOnce;
    private TimeSpan _drained;

    public static CaseResult Run(Runner runner)
    {
        string connectionString = runner.Databases.Copy();
        try
        {
            return new WaiterCrowd(connectionString).Run();
        }
        finally
        {
            SampleDatabase.Delete(connectionString);
        }
    }

    private CaseResult Run()
    {
        using SqlitePool pool = new(
            new SqlitePoolOptions
            {
                ConnectionString = connectionString,
                PoolSize = Connections,
                MaxOverflow = 0,
            }
        );
        WarmUp(pool);
        SqlitePoolConnection[] held = Enumerable.Range(0, Connections).Select(_ => pool.Rent()).ToArray();
        Task[] tasks = new Task[Waiters];

        int threadsBefore = ThreadCount();
        long liveBefore = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < tasks.Length; i++)
        {
            tasks[i] = WaitAndUseAsync(pool);
        }

        long live = GC.GetTotalMemory(forceFullCollection: true) - liveBefore;
        int threadsWaiting = ThreadCount();

        long start = Stopwatch.GetTimestamp();
        Array.ForEach(held, lease => lease.Dispose());
        string? firstError = Drain(tasks);
        _drained = Stopwatch.GetElapsedTime(start);
        return Report(threadsWaiting - threadsBefore, live / Waiters, firstError);
    }

    private CaseResult Report(int threads, long bytes, string? firstError)
    {
        const string Suite = "waiting";
        Line Limited(string label, string text, double value, int most) =>
            new(Suite, label, text, Ratio: value, Reach: "≤ " + Format.Count(most), Met: value <= most);
        List<string> faults = new();
        if (firstError is not null || _served != Waiters)
        {
            faults.Add($"waiting tasks: {_served} of {Waiters} served; {firstError}");
        }

        if (_mostAtOnce > Connections)
        {
            faults.Add($"waiting tasks: {_mostAtOnce} leases at once on {Connections} connections");
        }

        return new CaseResult(
            Suite,
            [],
            [
                Limited(
                    $"{Format.Count(Waiters)} tasks on {Connections} connections: each holds",
                    bytes + " B",
                    bytes,
                    MostBytes
                ),
                Limited("  more threads than before", Format.Count(threads), threads, MostThreads),
                new(Suite, "  all served in", Format.Time(_drained.TotalNanoseconds)),
            ],
            faults
        );
    }

    // Everything that is made once (code, the timer thread, thread-pool threads, connections) is made before the count.
    private void WarmUp(SqlitePool pool)
    {
        Task.WhenAll(Enumerable.Range(0, 200).Select(_ => WaitAndUseAsync(pool))).GetAwaiter().GetResult();
        Task.Delay(20).GetAwaiter().GetResult();
        _served = _holding = _mostAtOnce = 0;
    }

    private async Task WaitAndUseAsync(SqlitePool pool)
    {
        using SqlitePoolConnection lease = await pool.RentAsync().ConfigureAwait(false);
        NoteMost(Interlocked.Increment(ref _holding));
        await Task.Yield();
        Interlocked.Decrement(ref _holding);
        Interlocked.Increment(ref _served);
    }

    private void NoteMost(int now)
    {
        int most = Volatile.Read(ref _mostAtOnce);
        while (now > most && Interlocked.CompareExchange(ref _mostAtOnce, now, most) is int seen && seen != most)
        {
            most = seen;
        }
    }

    private static string? Drain(Task[] tasks)
    {
        try
        {
            return Task.WaitAll(tasks, TimeSpan.FromSeconds(60)) ? null : "not all were served within 60 s";
        }
        catch (AggregateException error)
        {
            Exception first = error.InnerExceptions[0];
            return first.GetType().Name + ": " + first.Message;
        }
    }

    private static int ThreadCount()
    {
        using Process process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }
}
