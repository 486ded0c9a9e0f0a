using SQLitePCL;

namespace Pool.Sqlite.Tool;

/// <summary>
/// A database that is only looked at. A connection that cannot write makes the <c>-wal</c> and <c>-shm</c> that it
/// needs, and cannot delete them: for that SQLite locks the database exclusively, as only one who may write can. So
/// this does it when the pool is closed.
/// </summary>
internal sealed class ReadDatabase : IAsyncDisposable
{
    // sqlite3.h: SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE.
    private const int NoCheckpointOnClose = 1006;

    private readonly string _file;
    private readonly bool _hadWal;
    private readonly bool _hadIndex;

    /// <param name="file">The database, through symbolic links: what belongs to it lies beside that.</param>
    /// <param name="options">How it is opened.</param>
    public ReadDatabase(string file, SqlitePoolOptions options)
    {
        _file = file;
        _hadWal = File.Exists(Wal);
        _hadIndex = File.Exists(Index);
        Pool = new SqlitePool(options);
    }

    public SqlitePool Pool { get; }

    private string Wal => _file + "-wal";

    private string Index => _file + "-shm";

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        if ((!_hadWal && File.Exists(Wal)) || (!_hadIndex && File.Exists(Index)))
        {
            try
            {
                Tidy();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // They stay, which is no more than untidy.
            }
        }
    }

    /// <summary>
    /// Deletes what was not there before, unless another connection has the database open or has written to the WAL.
    /// Nothing is written to the database.
    /// </summary>
    private void Tidy()
    {
        int opened = raw.sqlite3_open_v2(_file, out sqlite3 database, raw.SQLITE_OPEN_READWRITE, null);
        using (database)
        {
            if (opened != raw.SQLITE_OK)
            {
                return;
            }

            // The close must not checkpoint unless the WAL is known to be empty.
            _ = raw.sqlite3_db_config(database, NoCheckpointOnClose, 1, out _);
            if (!TryLock(database))
            {
                return;
            }

            // Until the close no other connection can begin to read.
            bool isEmpty = !File.Exists(Wal) || new FileInfo(Wal).Length == 0;
            if (!_hadIndex && (isEmpty || _hadWal))
            {
                // In this locking mode SQLite keeps the index in memory. The next connection rebuilds it from the WAL.
                File.Delete(Index);
            }

            if (!_hadWal && isEmpty)
            {
                // Now the close deletes it.
                _ = raw.sqlite3_db_config(database, NoCheckpointOnClose, 0, out _);
            }
        }
    }

    /// <summary>
    /// The first read in this mode locks the database exclusively, or fails at once when another connection has it open.
    /// </summary>
    private static bool TryLock(sqlite3 database) =>
        raw.sqlite3_exec(database, "PRAGMA locking_mode=EXCLUSIVE") == raw.SQLITE_OK
        && raw.sqlite3_exec(database, "SELECT count(*) FROM sqlite_master") == raw.SQLITE_OK
        && IsWal(database);

    // In another journal mode the lock is not an exclusive one.
    private static bool IsWal(sqlite3 database)
    {
        if (raw.sqlite3_prepare_v2(database, "PRAGMA journal_mode", out sqlite3_stmt statement) != raw.SQLITE_OK)
        {
            return false;
        }

        using (statement)
        {
            return raw.sqlite3_step(statement) == raw.SQLITE_ROW
                && raw.sqlite3_column_text(statement, 0).utf8_to_string() == "wal";
        }
    }
}
