using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Support;

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

    /// <summary>Of the last transaction.</summary>
    public IsolationLevel Isolation { get; private set; }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel)
    {
        Isolation = isolationLevel;
        return new FakeTransaction(source, this, inner.BeginTransaction());
    }

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
