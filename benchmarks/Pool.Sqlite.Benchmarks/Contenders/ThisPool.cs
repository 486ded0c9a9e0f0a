using System.Data.Common;

namespace Pool.Sqlite.Benchmarks.Contenders;

/// <summary>Pool.Sqlite with its default options, unless more threads than connections are asked for.</summary>
internal sealed class ThisPool : IContender
{
    private readonly SqlitePool _pool;

    public ThisPool(string connectionString, int threads)
    {
        var options = new SqlitePoolOptions { ConnectionString = connectionString };
        options.PoolSize = Math.Max(options.PoolSize, threads);
        _pool = new SqlitePool(options);
    }

    public ThisPool(SqlitePoolOptions options) => _pool = new SqlitePool(options);

    public string Name => "this pool";

    public SqlitePool Pool => _pool;

    public DbConnection Open() => _pool.Rent();

    public async ValueTask<DbConnection> OpenAsync() => await _pool.RentAsync().ConfigureAwait(false);

    public void OpenAndClose(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _pool.Rent().Dispose();
        }
    }

    public async Task OpenAndCloseAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            using var lease = await _pool.RentAsync().ConfigureAwait(false);
        }
    }

    public void Dispose() => _pool.Dispose();
}
