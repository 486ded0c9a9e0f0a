using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Benchmarks.Contenders;

/// <summary>No pool: every operation opens the file, repeats the PRAGMAs and closes it again.</summary>
internal sealed class Unpooled(string connectionString, SynchronousMode synchronous = SynchronousMode.Normal)
    : IContender
{
    private readonly string _connectionString = new SqliteConnectionStringBuilder(connectionString)
    {
        Pooling = false,
    }.ToString();

    public DbConnection Open() => OpenPhysical();

    public ValueTask<DbConnection> OpenAsync() => new(OpenPhysical());

    public void OpenAndClose(int count)
    {
        for (int i = 0; i < count; i++)
        {
            OpenPhysical().Dispose();
        }
    }

    public void Dispose() { }

    private SqliteConnection OpenPhysical()
    {
        SqliteConnection connection = new(_connectionString);
        try
        {
            connection.Open();
            ConnectionSettings.Apply(connection, synchronous);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
