using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Support;

/// <summary>A data source of another provider, on SQLite's driver, that counts, and can fail where a test wants it to.</summary>
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

/// <summary>A failure that says of itself whether it passes.</summary>
internal sealed class FakeDbException(string? state, bool isTransient) : DbException("Made to fail.")
{
    public override string? SqlState => state;

    public override bool IsTransient => isTransient;
}

internal sealed class FakeConnection(FakeDataSource source, SqliteConnection inner) : DbConnection
{
    [AllowNull]
    public override string ConnectionString
    {
        get => inner.ConnectionString;
        set => inner.ConnectionString = value;
    }

    public override string Database => inner.Database;

    public override string DataSource => inner.DataSource;

    public override string ServerVersion => inner.ServerVersion;

    public override ConnectionState State => inner.State;

    public override void ChangeDatabase(string databaseName) => inner.ChangeDatabase(databaseName);

    public override void Open() => inner.Open();

    public override void Close() => inner.Close();

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) =>
        new FakeTransaction(source, this, inner.BeginTransaction());

    protected override DbCommand CreateDbCommand() => inner.CreateCommand();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Closed++;
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}

internal sealed class FakeTransaction(FakeDataSource source, DbConnection connection, SqliteTransaction inner) : DbTransaction
{
    public override IsolationLevel IsolationLevel => inner.IsolationLevel;

    protected override DbConnection DbConnection => connection;

    public override void Commit()
    {
        source.Committing();
        inner.Commit();
        source.Committed++;
        source.CommitEnded();
    }

    public override void Rollback() => inner.Rollback();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
