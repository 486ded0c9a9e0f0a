using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>A sync that succeeds after one that failed proves nothing of what comes before in the WAL.</summary>
public sealed class WalSyncerTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly WalSyncer _wal;
    private Exception? _failure;
    private int _flushes;

    public WalSyncerTests()
    {
        string path = _database.In("test.db-wal");
        File.WriteAllText(path, "frames");
        _wal = new WalSyncer(
            path,
            () =>
            {
                _flushes++;
                if (_failure is not null)
                {
                    throw _failure;
                }
            }
        );
    }

    public void Dispose() => _database.Dispose();

    [Fact]
    public void Later_syncs_are_tried_and_not_believed_until_the_WAL_begins_anew()
    {
        _wal.Sync();
        _failure = new IOException("The disk is gone.");
        Assert.Throws<IOException>(_wal.Sync);
        Assert.True(_wal.IsSuspect);

        _failure = null;
        IOException told = Assert.Throws<IOException>(_wal.Sync);
        Assert.Contains("An earlier sync failed (The disk is gone.)", told.Message, StringComparison.Ordinal);
        Assert.Equal(3, _flushes);

        _wal.BeginAnew();
        _wal.Sync();
        Assert.False(_wal.IsSuspect);
    }

    [Fact]
    public void A_WAL_that_its_last_connection_has_deleted_leaves_nothing_in_doubt()
    {
        _failure = new IOException("The disk is gone.");
        Assert.Throws<IOException>(_wal.Sync);
        _failure = null;
        File.Delete(_wal.Path);
        _wal.Sync();
        Assert.False(_wal.IsSuspect);
    }
}
