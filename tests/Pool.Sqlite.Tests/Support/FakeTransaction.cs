using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Support;

internal sealed class FakeTransaction(FakeDataSource source, DbConnection connection, SqliteTransaction inner)
    : DbTransaction
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
