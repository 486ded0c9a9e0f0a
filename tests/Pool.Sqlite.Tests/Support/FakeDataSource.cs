using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// A data source of another provider, on SQLite's driver, that counts, and can fail where a test wants it to.
/// </summary>
internal sealed class FakeDataSource(string connectionString) : DbDataSource
{
    public override string ConnectionString => connectionString;

    public int Opened { get; private set; }

    public int Closed { get; set; }

    public int Committed { get; set; }

    /// <summary>Called before each commit.</summary>
    public Action Committing { get; set; } = static () => { };

    /// <summary>Called after each commit.</summary>
    public Action CommitEnded { get; set; } = static () => { };

    protected override DbConnection CreateDbConnection()
    {
        Opened++;
        return new FakeConnection(this, new SqliteConnection(connectionString));
    }
}
