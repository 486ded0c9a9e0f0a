using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// The streams that a lease has opened. Each holds a statement of SQLite's own, which would keep the connection in a
/// read transaction: they end with the lease, and say so when they are used afterwards.
/// </summary>
internal sealed class OpenBlobs
{
    private readonly List<SqliteBlob> _blobs = [];

    public SqliteBlob Add(SqliteBlob blob)
    {
        _blobs.Add(blob);
        return blob;
    }

    public void CloseAll()
    {
        foreach (SqliteBlob blob in _blobs)
        {
            blob.Dispose();
        }

        _blobs.Clear();
    }
}
