using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Benchmarks;

/// <summary>The database of the comparison, in a directory of its own that disappears with this object. Every
/// contender has a copy, so that none pays for another's locks, log or open handles.</summary>
internal sealed class SampleDatabase : IDisposable
{
    private readonly string _directory;
    private readonly string _original;

    public SampleDatabase(int rows)
    {
        Rows = rows;
        _directory = Directory.CreateTempSubdirectory("pool-sqlite-bench-").FullName;
        _original = Path.Combine(_directory, "original.db");
        try
        {
            Fill(_original, rows);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Rows { get; }

    public long Bytes => new FileInfo(_original).Length;

    /// <summary>Copies the database and returns a connection string for the copy.</summary>
    public string Copy(string name)
    {
        // A plain file copy is safe here and only here: nobody has the original open, and its log is merged.
        var path = Path.Combine(_directory, name + ".db");
        File.Copy(_original, path);
        return ConnectionStringFor(path);
    }

    /// <summary>A new database with the table <c>log</c> and a counter, both empty.</summary>
    public string CreateEmpty(string name)
    {
        var connectionString = ConnectionStringFor(Path.Combine(_directory, name + ".db"));
        using var connection = new SqliteConnection(connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            pragma journal_mode = wal;
            create table log(id integer primary key, k text, v text);
            create table counter(n integer not null);
            insert into counter values(0);
            """;
        command.ExecuteNonQuery();
        return connectionString;
    }

    /// <summary>Deletes a database that nobody has open any more, with its log.</summary>
    public static void Delete(string connectionString)
    {
        var path = new SqliteConnectionStringBuilder(connectionString).DataSource;
        foreach (var suffix in (string[])["", "-wal", "-shm"])
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

    private static string ConnectionStringFor(string path) =>
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();

    private static void Fill(string path, int rows)
    {
        using var connection = new SqliteConnection(ConnectionStringFor(path));
        connection.Open();
        using (var command = connection.CreateCommand())
        {
            command.CommandText =
                """
                pragma journal_mode = wal;
                create table kv(id integer primary key, k text, v text);
                create table log(id integer primary key, k text, v text);
                """;
            command.ExecuteNonQuery();
        }

        using var transaction = connection.BeginTransaction();
        using var insert = connection.CreateCommand();
        insert.CommandText = "insert into kv(id, k, v) values($id, $k, $v)";
        var id = insert.Parameters.Add("$id", SqliteType.Integer);
        var k = insert.Parameters.Add("$k", SqliteType.Text);
        var v = insert.Parameters.Add("$v", SqliteType.Text);
        for (var row = 1; row <= rows; row++)
        {
            id.Value = row;
            k.Value = string.Create(CultureInfo.InvariantCulture, $"key-{row:D8}");
            v.Value = string.Create(CultureInfo.InvariantCulture, $"the value of row {row}, about as long as a line");
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}
