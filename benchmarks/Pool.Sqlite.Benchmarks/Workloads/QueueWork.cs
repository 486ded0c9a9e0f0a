using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>Many small writes at <c>synchronous=FULL</c>, each caller awaiting its own commit: one insert a commit
/// through the driver's pool or a plain lease, and the same through the write queue.</summary>
internal sealed class QueueWork(Plan plan, SampleDatabase databases, CancellationToken stop)
{
    private const string Text = "a row of its own, committed with others";

    private delegate Task Write(long number);

    public QueueResult Run()
    {
        // Compiles the code, and starts the threads that the crowds need.
        Drive("queue, warming up", 16, Plan.Smoke.Writes.Normal, ThroughQueue);
        var alone = plan.Writes.Full / 4;
        var comparisons = new List<QueueComparison>
        {
            new(1, Drive("plain lease", 1, alone, ThroughLeases), Drive("queue", 1, alone, ThroughQueue)),
        };
        foreach (var producers in (int[])[16, 64])
        {
            // Each producer has a fixed share, as in WriterCrowd; through the queue a larger one, to take any time at all.
            var driver = Drive("driver's pool", producers, plan.Writes.Full, connectionString => ThroughDriver(connectionString, producers));
            comparisons.Add(new(producers, driver, Drive("queue", producers, plan.Writes.Normal, ThroughQueue)));
        }

        stop.ThrowIfCancellationRequested();
        var rows = plan.Quotable ? 100_000 : 2_000;
        var floor = Floor(rows);
        var queue = AllAtOnce(rows);
        return new QueueResult(comparisons, rows, floor, queue, QueuePosts.Run(databases, plan.Quotable ? 1_000_000 : 20_000));
    }

    public static SqlitePool FullPool(string connectionString)
    {
        var options = new SqlitePoolOptions { ConnectionString = connectionString };
        options.Pragmas.Synchronous = SynchronousMode.Full;
        return new SqlitePool(options);
    }

    public static long CountRows(string connectionString)
    {
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select count(*) from log";
        return (long)command.ExecuteScalar()!;
    }

    private static (IDisposable Owner, Write Write) ThroughQueue(string connectionString)
    {
        var pool = FullPool(connectionString);
        return (pool, number => pool.Writes.ExecuteAsync(KeyValueWork.InsertSql, [number, Text]));
    }

    private static (IDisposable Owner, Write Write) ThroughLeases(string connectionString)
    {
        var pool = FullPool(connectionString);
        return (pool, Insert);

        async Task Insert(long number)
        {
            using var connection = await pool.RentAsync().ConfigureAwait(false);
            await KeyValueWork.InsertAsync(connection, number).ConfigureAwait(false);
        }
    }

    private static (IDisposable Owner, Write Write) ThroughDriver(string connectionString, int producers)
    {
        var driver = new DriverPool(connectionString);
        driver.Prepare(producers + 2, SynchronousMode.Full);
        return (driver, Insert);

        async Task Insert(long number)
        {
            using var connection = await driver.OpenAsync().ConfigureAwait(false);
            await KeyValueWork.InsertAsync(connection, number).ConfigureAwait(false);
        }
    }

    private QueueSeries Drive(
        string name, int producers, int rows, Func<string, (IDisposable Owner, Write Write)> open)
    {
        stop.ThrowIfCancellationRequested();
        var connectionString = databases.CreateEmpty($"queue-{Guid.NewGuid():N}");
        try
        {
            var (owner, write) = open(connectionString);
            using (owner)
            {
                for (var i = 0; i < 50; i++)
                {
                    write(i).GetAwaiter().GetResult();
                }

                var before = CountRows(connectionString);
                return Measure(name, producers, rows / producers, write, () => CountRows(connectionString) - before);
            }
        }
        finally
        {
            SampleDatabase.Delete(connectionString);
        }
    }

    private QueueSeries Measure(string name, int producers, int share, Write write, Func<long> count)
    {
        // What was left behind before is not to be collected at the expense of this one.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var tallies = Enumerable.Range(0, producers).Select(_ => new Tally()).ToArray();
        var start = Stopwatch.GetTimestamp();
        var tasks = Array.ConvertAll(tallies, tally => Task.Run(() => Produce(write, share, tally), CancellationToken.None));
        Task.WaitAll(tasks, CancellationToken.None);
        var elapsed = Stopwatch.GetElapsedTime(start);
        var latencies = new Histogram();
        Array.ForEach(tallies, tally => latencies.Add(tally.Latencies));
        const double Milliseconds = 1e6;
        return new QueueSeries(
            name,
            tallies.Sum(tally => tally.Completed) / elapsed.TotalSeconds,
            latencies.Percentile(0.50) / Milliseconds,
            latencies.Percentile(0.99) / Milliseconds,
            latencies.Worst / Milliseconds)
        {
            Acknowledged = tallies.Sum(tally => tally.Completed),
            InDatabase = count(),
            Errors = tallies.Sum(tally => tally.Errors),
            FirstError = Array.Find(tallies, tally => tally.FirstError is not null)?.FirstError,
        };
    }

    private async Task Produce(Write write, int share, Tally tally)
    {
        for (var number = 0L; number < share && !stop.IsCancellationRequested; number++)
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                await write(number).ConfigureAwait(false);
                tally.Completed++;
            }
            catch (DbException error)
            {
                tally.Fail(error);
            }

            tally.Latencies.Record((long)Stopwatch.GetElapsedTime(start).TotalNanoseconds);
        }
    }

    /// <summary>What nothing can beat: one connection, one prepared statement, one transaction around all.</summary>
    private double Floor(int rows)
    {
        var connectionString = databases.CreateEmpty($"floor-{Guid.NewGuid():N}");
        using (var connection = new SqliteConnection(connectionString))
        {
            connection.Open();
            ConnectionSettings.Apply(connection, SynchronousMode.Full);
            using var command = connection.CreateCommand();
            command.CommandText = KeyValueWork.InsertSql;
            var key = command.Parameters.Add("$k", SqliteType.Integer);
            command.Parameters.AddWithValue("$v", Text);
            var start = Stopwatch.GetTimestamp();
            using var transaction = connection.BeginTransaction();
            command.Transaction = transaction;
            for (var i = 0; i < rows; i++)
            {
                key.Value = i;
                command.ExecuteNonQuery();
            }

            transaction.Commit();
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            connection.Close();
            SampleDatabase.Delete(connectionString);
            return seconds;
        }
    }

    private double AllAtOnce(int rows)
    {
        var connectionString = databases.CreateEmpty($"queue-all-{Guid.NewGuid():N}");
        double seconds;
        using (var pool = FullPool(connectionString))
        {
            pool.Writes.ExecuteAsync(KeyValueWork.InsertSql, [0, Text]).GetAwaiter().GetResult();
            var start = Stopwatch.GetTimestamp();
            Parallel(pool, rows).GetAwaiter().GetResult();
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        SampleDatabase.Delete(connectionString);
        return seconds;

        static Task Parallel(SqlitePool pool, int rows)
        {
            var tasks = new Task[rows];
            for (var i = 0; i < rows; i++)
            {
                tasks[i] = pool.Writes.ExecuteAsync(KeyValueWork.InsertSql, [i, Text]);
            }

            return Task.WhenAll(tasks);
        }
    }
}
