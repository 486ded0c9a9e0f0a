using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>Many asynchronous tasks that each insert the same number of rows, one a commit: how long until all have
/// done their share, who waits how long, and is every acknowledged row there afterwards? Each contender on a fresh
/// database.</summary>
/// <remarks>A fixed time instead of a fixed share would count it as speed when most tasks get nowhere and the others
/// are undisturbed.</remarks>
internal sealed class WriterCrowd(Plan plan, SampleDatabase databases, CancellationToken stop)
{
    private const int SpareConnections = 2;

    public WriterComparison Run(WriterCase @case)
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        if (@case.MinimumThreads is { } wanted)
        {
            ThreadPool.SetMinThreads(wanted, wanted);
        }

        try
        {
            return new WriterComparison(
                @case, Measure(@case, "driver", ThroughDriver), Measure(@case, "pool", ThroughPool));
        }
        finally
        {
            ThreadPool.SetMinThreads(workers, ports);
        }
    }

    private static IContender ThroughDriver(string connectionString, WriterCase @case)
    {
        var driver = new DriverPool(connectionString);
        // A connection for every writer, so that none ever writes through one without the settings.
        driver.Prepare(@case.Writers + SpareConnections, @case.Synchronous);
        return driver;
    }

    private static IContender ThroughPool(string connectionString, WriterCase @case)
    {
        var options = new SqlitePoolOptions { ConnectionString = connectionString };
        options.Pragmas.Synchronous = @case.Synchronous;
        var pool = new ThisPool(options);
        pool.Pool.WarmUpAsync(CancellationToken.None).GetAwaiter().GetResult();
        return pool;
    }

    private WriterResult Measure(WriterCase @case, string name, Func<string, WriterCase, IContender> create)
    {
        var connectionString = databases.CreateEmpty($"writers-{name}-{Guid.NewGuid():N}");
        try
        {
            using var contender = create(connectionString, @case);
            Insert(contender);
            var before = CountRows(connectionString);
            var (tallies, elapsed) = Drive(contender, @case);
            stop.ThrowIfCancellationRequested();
            // The driver's pool has no bound; more of this one's than there are would be waited for.
            var connections = contender is ThisPool ? new SqlitePoolOptions().PoolSize : @case.Writers;
            var settings = ConnectionSettings.ReadAll(contender, connections);
            return Summarise(contender.Name, tallies, elapsed, CountRows(connectionString) - before, settings);
        }
        finally
        {
            SampleDatabase.Delete(connectionString);
        }
    }

    private (Tally[] Tallies, TimeSpan Elapsed) Drive(IContender contender, WriterCase @case)
    {
        // What the contender before left behind is not to be collected at the expense of this one.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var writes = (@case.Synchronous == SynchronousMode.Full ? plan.Writes.Full : plan.Writes.Normal) / @case.Writers;
        var tallies = Enumerable.Range(0, @case.Writers).Select(_ => new Tally()).ToArray();
        var start = Stopwatch.GetTimestamp();
        var tasks = Array.ConvertAll(tallies, tally => Task.Run(() => WriteAsync(contender, writes, tally), CancellationToken.None));
        Task.WaitAll(tasks, CancellationToken.None);
        return (tallies, Stopwatch.GetElapsedTime(start));
    }

    private async Task WriteAsync(IContender contender, int writes, Tally tally)
    {
        for (var number = 0L; number < writes && !stop.IsCancellationRequested; number++)
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                using var connection = await contender.OpenAsync().ConfigureAwait(false);
                await KeyValueWork.InsertAsync(connection, number).ConfigureAwait(false);
                tally.Completed++;
            }
            catch (DbException error)
            {
                // A contender that says no under load is a result, not a reason to stop measuring.
                tally.Fail(error);
            }

            tally.Latencies.Record((long)Stopwatch.GetElapsedTime(start).TotalNanoseconds);
        }
    }

    // Compiles the code and opens the file before the clock starts; not among the rows that are compared.
    private static void Insert(IContender contender)
    {
        for (var i = 0; i < 50; i++)
        {
            using var connection = contender.OpenAsync().AsTask().GetAwaiter().GetResult();
            KeyValueWork.InsertAsync(connection, i).GetAwaiter().GetResult();
        }
    }

    private static long CountRows(string connectionString)
    {
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from log";
        return (long)command.ExecuteScalar()!;
    }

    private static WriterResult Summarise(
        string name, Tally[] tallies, TimeSpan elapsed, long inDatabase, IReadOnlyList<string> settings)
    {
        const double Milliseconds = 1e6;
        var latencies = new Histogram();
        Array.ForEach(tallies, tally => latencies.Add(tally.Latencies));
        return new WriterResult(
            name,
            tallies.Sum(tally => tally.Completed) / elapsed.TotalSeconds,
            latencies.Percentile(0.50) / Milliseconds,
            latencies.Percentile(0.99) / Milliseconds,
            latencies.Worst / Milliseconds,
            tallies.Sum(tally => tally.Completed),
            inDatabase,
            tallies.Sum(tally => tally.Errors),
            Array.Find(tallies, tally => tally.FirstError is not null)?.FirstError,
            settings);
    }
}
