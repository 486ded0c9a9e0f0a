using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Benchmarks.Contenders;

/// <summary>The pool inside Microsoft.Data.Sqlite, as most programs use it: <c>new</c>, <c>Open</c>,
/// <c>Dispose</c>.</summary>
/// <remarks>Nothing is applied at an open. This pool leaves PRAGMAs as the last user left them, so
/// <see cref="Prepare"/> sets them once on every connection that will be needed. A real program has no such
/// moment (the driver opens and prunes behind its back); here it makes the comparison one of equal settings.</remarks>
internal sealed class DriverPool(string connectionString) : IContender
{
    private readonly string _connectionString =
        new SqliteConnectionStringBuilder(connectionString) { Pooling = true }.ToString();

    public string Name => "driver's pool";

    /// <summary>Opens <paramref name="count"/> connections at once, sets each up, and gives them all to the
    /// driver's pool.</summary>
    public void Prepare(int count, SynchronousMode synchronous = SynchronousMode.Normal)
    {
        var open = new List<SqliteConnection>(count);
        for (var i = 0; i < count; i++)
        {
            open.Add(OpenPooled());
            ConnectionSettings.Apply(open[i], synchronous);
        }

        open.ForEach(connection => connection.Dispose());
    }

    public DbConnection Open() => OpenPooled();

    public async ValueTask<DbConnection> OpenAsync()
    {
        var connection = new SqliteConnection(_connectionString);
        await connection.OpenAsync().ConfigureAwait(false);
        return connection;
    }

    public void OpenAndClose(int count)
    {
        for (var i = 0; i < count; i++)
        {
            OpenPooled().Dispose();
        }
    }

    public void Dispose()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    private SqliteConnection OpenPooled()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return connection;
    }
}
