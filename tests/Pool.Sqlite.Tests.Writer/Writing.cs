using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Writer;

/// <summary>
/// Writes through the queue from many tasks, and says of each item that it is acknowledged; until it is killed.
/// </summary>
internal static class Writing
{
    private const int Producers = 8;
    private const int Pieces = 3;

    public static async Task<int> Run(string path)
    {
        SqlitePoolOptions options = new() { ConnectionString = $"Data Source={path}" };
        await using SqlitePool pool = new(options);
        await pool.Writes.EnqueueAsync(connection =>
        {
            using SqlitePoolCommand command = connection.CreateCommand(
                """
                create table if not exists item(id integer primary key);
                create table if not exists piece(item integer not null, number integer not null, primary key(item, number));
                """
            );
            command.ExecuteNonQuery();
        });
        long last = await pool.ReadAsync(async connection =>
        {
            using SqlitePoolCommand command = connection.CreateCommand("select coalesce(max(id), 0) from item");
            return (long)(await command.ExecuteScalarAsync())!;
        });

        // One write a line, and the pipe keeps what was written by whoever is killed.
        using Stream output = Console.OpenStandardOutput();
        Lock line = new();
        await Task.WhenAll(
            Enumerable
                .Range(0, Producers)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        while (true)
                        {
                            long id = Interlocked.Increment(ref last);
                            try
                            {
                                await pool.Writes.EnqueueAsync(connection => Store(connection, id));
                            }
                            catch (InvalidOperationException) when (Fails(id))
                            {
                                continue;
                            }

                            byte[] acknowledged = Encoding.ASCII.GetBytes(
                                string.Create(CultureInfo.InvariantCulture, $"{id}\n")
                            );
                            lock (line)
                            {
                                output.Write(acknowledged);
                            }
                        }
                    })
                )
        );
        return 0;
    }

    private static void Store(SqlitePoolConnection connection, long id)
    {
        using SqlitePoolCommand item = connection.CreateCommand("insert into item(id) values ($id)");
        item.Parameters.AddWithValue("$id", id);
        item.ExecuteNonQuery();
        using SqlitePoolCommand piece = connection.CreateCommand(
            "insert into piece(item, number) values ($id, $number)"
        );
        piece.Parameters.AddWithValue("$id", id);
        SqliteParameter number = piece.Parameters.AddWithValue("$number", 0);
        for (int i = 1; i <= Pieces; i++)
        {
            number.Value = i;
            piece.ExecuteNonQuery();
        }

        if (Fails(id))
        {
            throw new InvalidOperationException("This one is not to be stored.");
        }
    }

    private static bool Fails(long id) => id % 11 == 0;
}
