using System.Data.Common;

namespace Pool.Sqlite.Benchmarks.Contenders;

/// <summary>Pool.Sqlite with its default options, unless more threads than connections are asked for.</summary>
internal sealed class ThisPool : IContender
{
    public ThisPool(
        string connectionString,
        int threads = 0,
        SynchronousMode synchronous = SynchronousMode.Normal,
        bool groupCommit = true
    )
    {
        SqlitePoolOptions options = new SqlitePoolOptions
        {
            ConnectionString = connectionString,
            GroupCommit = groupCommit,
        };
        options.PoolSize = Math.Max(options.PoolSize, threads);
        options.Pragmas.Synchronous = synchronous;
        Pool = new SqlitePool(options);
    }

    public SqlitePool Pool { get; }

    public DbConnection Open() => Pool.Rent();

    public async ValueTask<DbConnection> OpenAsync() => await Pool.RentAsync().ConfigureAwait(false);

    public void OpenAndClose(int count)
    {
        SqlitePool pool = Pool;
        for (int i = 0; i < count; i++)
        {
            pool.Rent().Dispose();
        }
    }

    public void Dispose() => Pool.Dispose();
}
