using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// A folder of its own with room for a database. At the end it must not be open any more, and is deleted.
/// </summary>
internal sealed class TempDatabase : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pool-sqlite-").FullName;

    public TempDatabase() => Path = In("test.db");

    public string Path { get; }

    public string ConnectionString => $"Data Source={Path}";

    /// <summary>Options for a pool on this database, without the noise of a real machine's limits.</summary>
    public SqlitePoolOptions Options(int size = 10, int overflow = 5) =>
        new()
        {
            ConnectionString = ConnectionString,
            PoolSize = size,
            MaxOverflow = overflow,
            SlowThreshold = Timeout.InfiniteTimeSpan,
        };

    public string In(string name) => System.IO.Path.Combine(_folder, name);

    public bool Exists(string suffix = "") => File.Exists(Path + suffix);

    public string[] OpenFiles() => Support.OpenFiles.Under(_folder + "/");

    /// <summary>A connection past the pool, as another process would have.</summary>
    public SqliteConnection OpenDirectly(string more = "")
    {
        SqliteConnection connection = new($"{ConnectionString};Pooling=False;{more}");
        connection.Open();
        return connection;
    }

    public void Dispose()
    {
        // An open that nobody waited for any more may be on its way to being closed, or to putting a file here.
        if (!SpinWait.SpinUntil(() => OpenFiles().Length == 0 && TryDelete(), Limit.Length))
        {
            string[] open = OpenFiles();
            Directory.Delete(_folder, recursive: true);
            Assert.Fail($"Still open: {string.Join(", ", open)}");
        }
    }

    private bool TryDelete()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
