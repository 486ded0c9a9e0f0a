using System.Collections.Concurrent;
using System.Diagnostics;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>Ten thousand tasks that wait for one of four connections: what does a waiter cost, and is each one
/// served?</summary>
internal sealed class WaiterCrowd(string connectionString)
{
    private const int Connections = 4;
    private const int Waiters = 10_000;

    private readonly ConcurrentDictionary<nint, int> _holders = new();
    private int _served;
    private int _holding;
    private int _mostAtOnce;
    private int _shared;

    public WaiterResult Run()
    {
        using var pool = new SqlitePool(new SqlitePoolOptions
        {
            ConnectionString = connectionString,
            PoolSize = Connections,
            MaxOverflow = 0,
        });
        WarmUp(pool);
        var held = Enumerable.Range(0, Connections).Select(_ => pool.Rent()).ToArray();
        var tasks = new Task[Waiters];

        var threadsBefore = ThreadCount();
        var liveBefore = GC.GetTotalMemory(forceFullCollection: true);
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < tasks.Length; i++)
        {
            tasks[i] = WaitAndUseAsync(pool);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        var live = GC.GetTotalMemory(forceFullCollection: true) - liveBefore;
        var threadsWaiting = ThreadCount();
        var waiting = pool.GetStatistics().Waiting;

        Array.ForEach(held, lease => lease.Dispose());
        var firstError = Drain(tasks);
        return new WaiterResult(
            Connections, Waiters, waiting, threadsBefore, threadsWaiting,
            (double)live / Waiters, (double)allocated / Waiters,
            _served, _mostAtOnce, _shared, firstError);
    }

    // Everything that is made once (code, the timer thread, thread-pool threads, connections) is made before the count.
    private void WarmUp(SqlitePool pool)
    {
        Task.WhenAll(Enumerable.Range(0, 200).Select(_ => WaitAndUseAsync(pool))).GetAwaiter().GetResult();
        Task.Delay(20).GetAwaiter().GetResult();
        _holders.Clear();
        _served = _holding = _mostAtOnce = _shared = 0;
    }

    private async Task WaitAndUseAsync(SqlitePool pool)
    {
        using var lease = await pool.RentAsync().ConfigureAwait(false);
        // The native handle itself, not what the pool says about it, tells connections apart.
        var handle = lease.SqliteConnection.Handle!.DangerousGetHandle();
        if (_holders.AddOrUpdate(handle, 1, (_, holders) => holders + 1) != 1)
        {
            Interlocked.Increment(ref _shared);
        }

        NoteMost(Interlocked.Increment(ref _holding));
        await Task.Yield();
        Interlocked.Decrement(ref _holding);
        _holders.AddOrUpdate(handle, 0, (_, holders) => holders - 1);
        Interlocked.Increment(ref _served);
    }

    private void NoteMost(int now)
    {
        var most = Volatile.Read(ref _mostAtOnce);
        while (now > most && Interlocked.CompareExchange(ref _mostAtOnce, now, most) is var seen && seen != most)
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
            var first = error.InnerExceptions[0];
            return first.GetType().Name + ": " + first.Message;
        }
    }

    private static int ThreadCount()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }
}
