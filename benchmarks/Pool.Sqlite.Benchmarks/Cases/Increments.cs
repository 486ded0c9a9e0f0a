using System.Data.Common;
using System.Diagnostics;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>Reads a counter and writes it back one higher, in a transaction that began as a writing one: half of the
/// times through <see cref="SqlitePool.WriteAsync(Func{SqlitePoolConnection, Task}, CancellationToken)"/>, half with a
/// lease and a transaction of its own.</summary>
internal sealed class Increments : IDisposable
{
    private const int Tasks = 4;
    private const string Select = "select n from counter";
    private const string Update = "update counter set n = $n";

    private readonly SqlitePool _pool;
    private long _worst;
    private int _done;
    private string? _firstError;

    public Increments(string connectionString)
    {
        _pool = new SqlitePool(connectionString);
        // Connections and code are there before the clock starts.
        _pool.WarmUpAsync().GetAwaiter().GetResult();
        _pool.ReadAsync(ReadAsync).GetAwaiter().GetResult();
    }

    public async Task<IncrementsResult> RunAsync(int times)
    {
        await Task.WhenAll(
                Enumerable
                    .Range(0, Tasks)
                    .Select(task =>
                        Task.Run(() => RunPart(times / Tasks + (task < times % Tasks ? 1 : 0), task % 2 == 0))
                    )
            )
            .ConfigureAwait(false);
        double worst = Stopwatch.GetElapsedTime(0, _worst).TotalMilliseconds;
        return new IncrementsResult(Environment.ProcessId, _done, worst, _firstError);
    }

    public void Dispose() => _pool.Dispose();

    private async Task RunPart(int times, bool throughWriteAsync)
    {
        for (int i = 0; i < times; i++)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                await (throughWriteAsync ? _pool.WriteAsync(IncrementAsync) : IncrementOnLease()).ConfigureAwait(false);
                Interlocked.Increment(ref _done);
            }
            catch (Exception error) when (error is DbException or TimeoutException or InvalidOperationException)
            {
                _firstError ??= error.GetType().Name + ": " + error.Message;
            }

            NoteWorst(Stopwatch.GetTimestamp() - start);
        }
    }

    private async Task IncrementOnLease()
    {
        using SqlitePoolConnection lease = await _pool.RentAsync().ConfigureAwait(false);
        SqlitePoolTransaction transaction = await lease.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await IncrementAsync(lease).ConfigureAwait(false);
            await transaction.CommitAsync().ConfigureAwait(false);
        }
    }

    private static async Task IncrementAsync(SqlitePoolConnection connection)
    {
        long before = await ReadAsync(connection).ConfigureAwait(false);
        using SqlitePoolCommand update = connection.CreateCommand(Update);
        update.Parameters.AddWithValue("$n", before + 1);
        await update.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private static async Task<long> ReadAsync(SqlitePoolConnection connection)
    {
        using SqlitePoolCommand select = connection.CreateCommand(Select);
        return (long)(await select.ExecuteScalarAsync().ConfigureAwait(false))!;
    }

    private void NoteWorst(long ticks)
    {
        long worst = Volatile.Read(ref _worst);
        while (ticks > worst && Interlocked.CompareExchange(ref _worst, ticks, worst) is long seen && seen != worst)
        {
            worst = seen;
        }
    }
}
