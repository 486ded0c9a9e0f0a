using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>Runs statements of the pool's own on a connection, and tells what a result of SQLite means there.</summary>
internal sealed class OwnStatements(PhysicalConnection connection)
{
    // sqlite3.h: SQLITE_BUSY_TIMEOUT.
    private const int BusyTimedOut = 773;

    /// <summary>Tries a statement that has no parameters.</summary>
    /// <returns>False when another connection's lock is in the way.</returns>
    /// <exception cref="SqliteException">SQLite refuses it for another reason.</exception>
    public bool TryStep(string sql)
    {
        if (sql is "BEGIN IMMEDIATE" or "COMMIT")
        {
            connection.File.ThrowIfMoved();
        }

        PreparedText text = connection.Statements.Take(sql, isCommand: false);
        Statement? statement = null;
        try
        {
            int result = connection.TryGet(text, 0, out statement);
            result = result == raw.SQLITE_OK ? connection.Stop.Step(statement!.Native) : result;
            if (IsLocked(result))
            {
                return false;
            }

            ThrowUnlessDone(result);
            return true;
        }
        finally
        {
            statement?.Reset();
            connection.Statements.PutBack(text);
            connection.NoteTransaction();
        }
    }

    /// <summary>As <see cref="TryStep"/>, where a lock is an error like any other.</summary>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    public void Step(string sql)
    {
        if (!TryStep(sql))
        {
            throw new SqliteException($"{sql} failed: the database is locked.", raw.SQLITE_BUSY);
        }
    }

    /// <summary>
    /// True when another connection's lock is in the way, so that trying again can help. Not so SQLITE_BUSY_SNAPSHOT,
    /// nor a table that this connection itself has locked.
    /// (Results come as extended codes where a hook has asked SQLite for those.)
    /// </summary>
    public bool IsLocked(int result) =>
        (result & 0xff) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED
        && ExtendedCode(result)
            is raw.SQLITE_BUSY
                or raw.SQLITE_BUSY_RECOVERY
                or BusyTimedOut
                or raw.SQLITE_LOCKED_SHAREDCACHE;

    /// <summary>What SQLite says more exactly of a result.</summary>
    public int ExtendedCode(int result) => result > 0xff ? result : raw.sqlite3_extended_errcode(connection.Handle);

    /// <exception cref="SqliteException">It is an error; the message is the driver's.</exception>
    public void ThrowUnlessDone(int result)
    {
        if (result is not (raw.SQLITE_DONE or raw.SQLITE_ROW or raw.SQLITE_OK))
        {
            UncertainCommit.ThrowIf(raw.sqlite3_extended_errcode(connection.Handle));
            SqliteException.ThrowExceptionForRC(result, connection.Handle);
        }
    }
}
