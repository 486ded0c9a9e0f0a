using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>A folder for a set of pools. At the end none of its files is open, and no write-ahead log left.</summary>
public abstract class PoolSetTest : IAsyncDisposable
{
    private readonly List<SqlitePoolSet> _sets = [];

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("pool-sqlite-set-").FullName;

    private protected FakeTimeProvider Time { get; } = new();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (SqlitePoolSet set in _sets)
        {
            await set.DisposeAsync();
            Assert.Equal(0, set.GetStatistics().OpenConnections);
        }

        string[] open = OpenFiles();
        string[] left = Directory.GetFiles(Folder, "*-wal", SearchOption.AllDirectories);
        Directory.Delete(Folder, recursive: true);
        Assert.Empty(open);
        Assert.Empty(left);
    }

    private protected SqlitePoolSet MakeSet(Action<SqlitePoolSetOptions>? configure = null, TimeProvider? time = null)
    {
        SqlitePoolSetOptions options = new() { Folder = Folder };
        configure?.Invoke(options);
        SqlitePoolSet set = new(options, null, time);
        _sets.Add(set);
        return set;
    }

    private protected string[] OpenFiles() => Support.OpenFiles.Under(Folder + "/");

    private protected string In(string name) => Path.Combine(Folder, name);

    private protected static async Task Use(SqlitePoolSet set, string key)
    {
        using SqlitePoolConnection connection = await set.RentAsync(key).Limited();
        connection.Run("create table if not exists t (x)");
    }
}
