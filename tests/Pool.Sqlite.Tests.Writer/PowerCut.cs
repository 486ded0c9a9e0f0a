using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using Pool.Sqlite;

namespace Pool.Sqlite.Tests.Writer;

/// <summary>
/// Writes by every kind of write from many tasks until it is killed, and notes each write that was answered in the file
/// <c>answered</c> beside the database: eight bytes with the number of the transaction.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The process is killed.")]
internal sealed class PowerCut(string path, SynchronousMode synchronous)
{
    private const int Tasks = 12;
    private const int Kinds = 10;
    private const string Insert = "insert into t(tx, part, parts) values ($tx, $part, $parts)";

    private readonly FileStream _answered = new(
        Path.Combine(Path.GetDirectoryName(path)!, "answered"),
        FileMode.Create,
        FileAccess.Write,
        FileShare.ReadWrite,
        bufferSize: 0
    );

    private readonly Lock _lock = new();
    private long _last;

    public static async Task<int> Run(string path, string synchronous)
    {
        PowerCut run = new(path, Enum.Parse<SynchronousMode>(synchronous, ignoreCase: true));
        Console.WriteLine("ready");
        for (; ; )
        {
            await run.RunPool();
        }
    }

    /// <summary>The life of one pool; at its end everything is closed.</summary>
    private async Task RunPool()
    {
        SqlitePoolOptions options = new() { ConnectionString = $"Data Source={path}", PoolSize = 8 };
        options.Pragmas.Synchronous = synchronous;
        options.Pragmas.WalAutoCheckpointPages = 60;
        await using SqlitePool pool = new(options);
        using CancellationTokenSource end = new(TimeSpan.FromMilliseconds(Random.Shared.Next(150, 500)));
        await Task.WhenAll([
            .. Enumerable.Range(0, Tasks).Select(i => Task.Run(() => WriteUntil(pool, i, end.Token))),
            Task.Run(() => Disturb(pool, end.Token)),
        ]);
    }

    private async Task WriteUntil(SqlitePool pool, int kind, CancellationToken end)
    {
        for (; !end.IsCancellationRequested; kind++)
        {
            long transaction = Interlocked.Increment(ref _last);
            await Write(pool, kind % Kinds, transaction);
            Note(transaction);
        }
    }

    private static async Task Write(SqlitePool pool, int kind, long tx)
    {
        switch (kind)
        {
            case 0:
                await pool.ExecuteAsync($"insert into t(tx, part, parts) values ({tx}, 1, 1)");
                return;
            case 1:
                await pool.Writes.ExecuteAsync($"insert into t(tx, part, parts) values ({tx}, 1, 1)");
                return;
            case 2:
                await pool.ExecuteManyAsync(
                    Insert,
                    [
                        [tx, 1, 3],
                        [tx, 2, 3],
                        [tx, 3, 3],
                    ]
                );
                return;
            case 3:
                await pool.WriteAsync(async connection =>
                {
                    await Part(connection, tx, 1, 2).ExecuteNonQueryAsync();
                    await Part(connection, tx, 2, 2).ExecuteNonQueryAsync();
                });
                return;
            case 4:
                using (SqlitePoolConnection writer = await pool.RentWriterAsync())
                {
                    await Part(writer, tx, 1, 1).ExecuteNonQueryAsync();
                }

                return;
        }

        using SqlitePoolConnection lease = await pool.RentAsync();
        switch (kind)
        {
            case 5:
                Part(lease, tx, 1, 1).ExecuteNonQuery();
                return;
            case 6:
                using (SqlitePoolCommand command = Part(lease, tx, 1, 1, " returning tx"))
                using (System.Data.Common.DbDataReader reader = await command.ExecuteReaderAsync())
                {
                    while (await reader.ReadAsync()) { }
                }

                return;
            case 7:
                await using (SqlitePoolTransaction transaction = await lease.BeginTransactionAsync())
                {
                    for (int part = 1; part <= 3; part++)
                    {
                        SqlitePoolCommand command = Part(lease, tx, part, 3);
                        await command.ExecuteNonQueryAsync();
                    }

                    await transaction.CommitAsync();
                }

                return;
            case 8:
                await lease.CreateCommand("begin immediate").ExecuteNonQueryAsync();
                await Part(lease, tx, 1, 2).ExecuteNonQueryAsync();
                await Part(lease, tx, 2, 2).ExecuteNonQueryAsync();
                await lease.CreateCommand("commit").ExecuteNonQueryAsync();
                return;
            default:
                lease.CreateCommand("savepoint s").ExecuteNonQuery();
                Part(lease, tx, 1, 2).ExecuteNonQuery();
                Part(lease, tx, 2, 2).ExecuteNonQuery();
                lease.CreateCommand("release s").ExecuteNonQuery();
                return;
        }
    }

    private static SqlitePoolCommand Part(
        SqlitePoolConnection connection,
        long tx,
        int part,
        int parts,
        string more = ""
    )
    {
        SqlitePoolCommand command = connection.CreateCommand(Insert + more);
        command.Parameters.AddWithValue("$tx", tx);
        command.Parameters.AddWithValue("$part", part);
        command.Parameters.AddWithValue("$parts", parts);
        return command;
    }

    private static async Task Disturb(SqlitePool pool, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(Random.Shared.Next(5, 40), CancellationToken.None);
            switch (Random.Shared.Next(4))
            {
                case 0:
                    await pool.CheckpointAsync((CheckpointMode)Random.Shared.Next(4), CancellationToken.None);
                    break;
                case 1:
                    await pool.ClearAsync(CancellationToken.None);
                    break;
                case 2:
                    await pool.ExecuteAsync($"delete from t where tx < 0", CancellationToken.None);
                    break;
            }
        }
    }

    private void Note(long transaction)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(number, transaction);
        lock (_lock)
        {
            _answered.Write(number);
        }
    }
}
