using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Benchmarks;

/// <summary>The database of the comparison, in a directory of its own that disappears with this object. Every
/// contender has a copy, so that none pays for another's locks, log or open handles.</summary>
internal sealed class SampleDatabase : IDisposable
{
    public const int Rows = 100_000;

    private readonly string _directory = Directory.CreateTempSubdirectory("pool-sqlite-bench-").FullName;
    private readonly string _original;
    private readonly string _empty;
    private int _copies;

    public SampleDatabase()
    {
        _original = Path.Combine(_directory, "original.db");
        _empty = Path.Combine(_directory, "empty.db");
        try
        {
            Create(_original, Rows);
            Create(_empty, 0);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Copies the database and returns a connection string for the copy.</summary>
    public string Copy() => CopyOf(_original);

    /// <summary>The same tables without a row, for those that only write.</summary>
    public string CopyEmpty() => CopyOf(_empty);

    public static long CountWritten(string connectionString) => Scalar(connectionString, "select count(*) from log");

    /// <summary>Asks SQLite on a connection that has nothing to do with any contender.</summary>
    public static long Scalar(string connectionString, string sql)
    {
        using SqliteConnection connection = new(connectionString);
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Deletes a database that is not open any more, with its log.</summary>
    public static void Delete(string connectionString)
    {
        string path = new SqliteConnectionStringBuilder(connectionString).DataSource;
        foreach (string suffix in (string[])["", "-wal", "-shm"])
        {
            File.Delete(path + suffix);
        }
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(_directory, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"Could not remove {_directory}: {error.Message}");
        }
    }

    private string CopyOf(string original)
    {
        // A plain file copy is safe here and only here: the original is open nowhere, and its log is merged.
        string path = Path.Combine(_directory, $"copy-{++_copies}.db");
        File.Copy(original, path);
        return ConnectionStringFor(path);
    }

    private static string ConnectionStringFor(string path) =>
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();

    private static void Create(string path, int rows)
    {
        using SqliteConnection connection = new(ConnectionStringFor(path));
        connection.Open();
        using (SqliteCommand command = connection.CreateCommand())
        {
            command.CommandText = """
                pragma journal_mode = wal;
                create table kv(id integer primary key, k text, v text);
                create table log(id integer primary key, k text, v text);
                create table counter(n integer not null);
                insert into counter values(0);
                """;
            command.ExecuteNonQuery();
        }

        using SqliteTransaction transaction = connection.BeginTransaction();
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "insert into kv(id, k, v) values($id, $k, $v)";
        SqliteParameter id = insert.Parameters.Add("$id", SqliteType.Integer);
        SqliteParameter k = insert.Parameters.Add("$k", SqliteType.Text);
        SqliteParameter v = insert.Parameters.Add("$v", SqliteType.Text);
        for (int row = 1; row <= rows; row++)
        {
            id.Value = row;
            k.Value = string.Create(CultureInfo.InvariantCulture, $"key-{row:D8}");
            v.Value = string.Create(CultureInfo.InvariantCulture, $"the value of row {row}, about as long as a line");
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}
