using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Chaos;

namespace Pool.Sqlite.Tests.Writer;

/// <summary>
/// Lets each kind of call on the database's files fail for a while, writes meanwhile and afterwards, and says what
/// became of it: <c>writes: failed 10, recovered, stored 41 of 41, permits 3, open 0</c>.
/// </summary>
internal static class Disk
{
    private static readonly (string Name, int Writes, int Syncs, int Opens, int Truncates)[] Kinds =
    [
        ("writes", 300, 0, 0, 0),
        ("syncs", 0, 3_000, 0, 0),
        ("opens", 0, 0, 5_000, 0),
        ("truncates", 0, 0, 0, 10_000),
        ("all", 200, 500, 1_000, 500),
    ];

    public static async Task<int> Run(string path)
    {
        FaultyDisk disk = FaultyDisk.Find()!;
        foreach ((string name, int writes, int syncs, int opens, int truncates) in Kinds)
        {
            SqlitePoolOptions options = new()
            {
                ConnectionString = $"Data Source={path}",
                PoolSize = 2,
                MaxOverflow = 1,
            };
            options.Pragmas.Synchronous = SynchronousMode.Full;
            options.Pragmas.WalAutoCheckpointPages = 10;
            HashSet<long> acknowledged = [];
            SortedSet<string> failures = [];
            string recovered = "not recovered";
            int permits;
            await using (SqlitePool pool = new(options))
            {
                await pool.ExecuteAsync($"create table if not exists t(kind, id, filler)");
                disk.Fail(1, writes, syncs, opens, truncates);
                for (long id = 0; id < 40; id++)
                {
                    try
                    {
                        await Write(pool, name, id);
                        acknowledged.Add(id);
                        if (id % 8 == 0)
                        {
                            await pool.ClearAsync();
                        }
                    }
                    catch (SqliteException e)
                    {
                        failures.Add(e.SqliteErrorCode.ToString(CultureInfo.InvariantCulture));
                    }
                }

                disk.Heal();
                for (long id = 1_000; id < 1_003 && recovered.StartsWith("not", StringComparison.Ordinal); id++)
                {
                    try
                    {
                        await Write(pool, name, id);
                        acknowledged.Add(id);
                        recovered = "recovered";
                    }
                    catch (SqliteException e)
                    {
                        recovered = $"not recovered: {e.Message}";
                    }
                }

                permits = Permits(pool, options.PoolSize + options.MaxOverflow);
            }

            long stored = Stored(path, name, acknowledged);
            int open = OpenDescriptors.Under(Path.GetDirectoryName(path)!).Length;
            Console.WriteLine(
                $"{name}: failed {string.Join(' ', failures)}, {recovered}, stored {stored} of {acknowledged.Count}, "
                    + $"permits {permits}, open {open}"
            );
        }

        Console.WriteLine($"leftover: {await Leftover(disk, path)}");
        return 0;
    }

    /// <summary>
    /// A WAL that was left is opened while no -shm can be: not by its first connections, and for reading only as those
    /// close.
    /// </summary>
    private static async Task<string> Leftover(FaultyDisk disk, string path)
    {
        const int NoCheckpointOnClose = 1006;
        for (int failures = 0; failures < 8; failures++)
        {
            string file = $"{path}.{failures}";
            using (SqliteConnection connection = new($"Data Source={file};Pooling=False"))
            {
                connection.Open();
                _ = SQLitePCL.raw.sqlite3_db_config(connection.Handle, NoCheckpointOnClose, 1, out _);
                using SqliteCommand command = connection.CreateCommand();
                command.CommandText = "pragma journal_mode=wal; create table t(id); insert into t values (1)";
                command.ExecuteNonQuery();
            }

            disk.FailSharedMemory(failures);
            try
            {
                await using SqlitePool pool = new($"Data Source={file}");
                await pool.ExecuteAsync($"insert into t values (2)");
                return $"{failures}: nothing failed";
            }
            catch (SqliteException) { }

            disk.Heal();
            await using SqlitePool again = new($"Data Source={file}");
            try
            {
                if (
                    await again.ReadAsync(static connection =>
                        connection.CreateCommand("select count(*) from t").ExecuteScalarAsync()
                    )
                    is not 1L
                )
                {
                    return $"{failures}: not there";
                }
            }
            catch (SqliteException e)
            {
                return $"{failures}: {e.Message}";
            }
        }

        return "stored";
    }

    private static Task<int> Write(SqlitePool pool, string name, long id) =>
        (id % 3) switch
        {
            0 => pool.ExecuteAsync($"insert into t values ({name}, {id}, zeroblob(20000))"),
            1 => pool.Writes.ExecuteAsync($"insert into t values ({name}, {id}, zeroblob(20000))"),
            _ => pool.WriteAsync(connection =>
                connection
                    .CreateCommand($"insert into t values ('{name}', {id}, zeroblob(20000))")
                    .ExecuteNonQueryAsync()
            ),
        };

    // The housekeeper may have one in its hands at this moment: those that there should be are waited for.
    private static int Permits(SqlitePool pool, int expected)
    {
        List<SqlitePoolConnection> leases = [];
        try
        {
            for (; ; )
            {
                leases.Add(pool.Rent(leases.Count < expected ? TimeSpan.FromSeconds(30) : TimeSpan.Zero));
            }
        }
        catch (SqlitePoolTimeoutException)
        {
            return leases.Count;
        }
        finally
        {
            leases.ForEach(static lease => lease.Dispose());
        }
    }

    private static long Stored(string path, string name, HashSet<long> acknowledged)
    {
        using SqliteConnection connection = new($"Data Source={path};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "pragma integrity_check";
        if (command.ExecuteScalar() is not "ok")
        {
            return -1;
        }

        command.CommandText =
            $"select count(*) from t where kind = '{name}' and id in ({string.Join(',', acknowledged)})";
        return (long)command.ExecuteScalar()!;
    }
}
