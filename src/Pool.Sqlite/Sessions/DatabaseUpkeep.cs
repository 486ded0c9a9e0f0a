using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>What SQLite recommends to be done with a database from time to time, on one connection.</summary>
internal sealed class DatabaseUpkeep(sqlite3 handle, StatementAuthorizer authorizer)
{
    /// <summary>Refreshes what the query planner knows; before SQLite 3.46 it needs a limit to be quick.</summary>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    public void Optimize()
    {
        SessionChanges before = authorizer.Changes;
        string limit = NativeSql.Scalar(handle, "PRAGMA analysis_limit") ?? "0";
        NativeSql.Scalar(handle, "PRAGMA analysis_limit=400");
        try
        {
            NativeSql.Scalar(handle, "PRAGMA optimize");
        }
        finally
        {
            NativeSql.Try(handle, $"PRAGMA analysis_limit={limit}");
            if (before == SessionChanges.None)
            {
                authorizer.Forget();
            }
        }
    }

    /// <summary>Moves what the WAL holds into the database file, without SQLite's own waiting.</summary>
    /// <exception cref="SqliteException">
    /// SQLite refuses, for another reason than the lock of another connection.
    /// </exception>
    public CheckpointResult Checkpoint(CheckpointMode mode)
    {
        int result = raw.sqlite3_wal_checkpoint_v2(handle, "main", (int)mode, out int frames, out int moved);
        if (result is not (raw.SQLITE_OK or raw.SQLITE_BUSY or raw.SQLITE_LOCKED))
        {
            SqliteException.ThrowExceptionForRC(result, handle);
        }

        // Minus one where there is no WAL.
        return new CheckpointResult(result == raw.SQLITE_OK, Math.Max(0, frames), Math.Max(0, moved));
    }

    /// <summary>
    /// As SQLite advises before the last connection closes; a database that cannot be written needs neither.
    /// </summary>
    public void BeforeLastClose()
    {
        NativeSql.Try(handle, "PRAGMA busy_timeout=0");
        NativeSql.Try(handle, "PRAGMA analysis_limit=400");
        NativeSql.Try(handle, "PRAGMA optimize");
        NativeSql.Try(handle, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
}
