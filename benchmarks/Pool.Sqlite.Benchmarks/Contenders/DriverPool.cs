using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Benchmarks.Contenders;

/// <summary>The pool inside Microsoft.Data.Sqlite, as most programs use it: <c>new</c>, <c>Open</c>,
/// <c>Dispose</c>.</summary>
/// <remarks>That pool leaves PRAGMAs as the last user left them, so they are set once, beforehand, on every connection
/// that will be needed. A real program has no such moment; here it makes the settings equal.</remarks>
internal sealed class DriverPool : IContender
{
    public string ConnectionString { get; }

    public DriverPool(string connectionString, int connections, SynchronousMode synchronous = SynchronousMode.Normal)
    {
        ConnectionString = new SqliteConnectionStringBuilder(connectionString) { Pooling = true }.ToString();
        SqliteConnection[] open = Enumerable.Range(0, connections).Select(_ => OpenPooled()).ToArray();
        foreach (SqliteConnection? connection in open)
        {
            ConnectionSettings.Apply(connection, synchronous);
        }

        Array.ForEach(open, connection => connection.Dispose());
    }

    public DbConnection Open() => OpenPooled();

    public async ValueTask<DbConnection> OpenAsync()
    {
        SqliteConnection connection = new(ConnectionString);
        await connection.OpenAsync().ConfigureAwait(false);
        return connection;
    }

    public void OpenAndClose(int count)
    {
        for (int i = 0; i < count; i++)
        {
            OpenPooled().Dispose();
        }
    }

    public void Dispose()
    {
        using SqliteConnection connection = new(ConnectionString);
        SqliteConnection.ClearPool(connection);
    }

    private SqliteConnection OpenPooled()
    {
        SqliteConnection connection = new(ConnectionString);
        connection.Open();
        return connection;
    }
}
