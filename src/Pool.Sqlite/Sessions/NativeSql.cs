using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>One-line statements of the pool's own, run on the native handle without a command object.</summary>
internal static class NativeSql
{
    /// <summary>Runs a statement; answers the first column of its first row, or null when it has none.</summary>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    public static string? Scalar(sqlite3 database, string sql)
    {
        ThrowOnError(database, raw.sqlite3_prepare_v2(database, sql, out sqlite3_stmt statement), sql);
        using (statement)
        {
            int result = raw.sqlite3_step(statement);
            string? value = result == raw.SQLITE_ROW ? raw.sqlite3_column_text(statement, 0).utf8_to_string() : null;
            while (result == raw.SQLITE_ROW)
            {
                result = raw.sqlite3_step(statement);
            }

            ThrowOnError(database, result, sql);
            return value;
        }
    }

    /// <summary>
    /// As <see cref="Scalar"/>, again and again while the lock of another connection is in the way. Blocks the thread.
    /// </summary>
    /// <param name="database">A connection on which SQLite itself does not wait.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="limit">How long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SqliteException">SQLite refuses it, or the time was up.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static string? ScalarOnceUnlocked(
        sqlite3 database,
        string sql,
        TimeSpan limit,
        CancellationToken cancellationToken
    ) => LockPolling.Run(() => Scalar(database, sql), new Deadline(TimeProvider.System, limit), cancellationToken);

    /// <summary>As <see cref="Scalar"/>, where a refusal makes no difference.</summary>
    public static void Try(sqlite3 database, string sql)
    {
        try
        {
            Scalar(database, sql);
        }
        catch (SqliteException)
        {
            // The caller has said that it makes no difference.
        }
    }

    /// <summary>
    /// Prepares a statement, and no more: a PRAGMA that is a switch takes effect by that. Run, it would make SQLite
    /// prepare every statement of the connection anew, and fail those that are running and open another table yet.
    /// </summary>
    /// <exception cref="SqliteException">SQLite refuses it.</exception>
    public static void Prepare(sqlite3 database, string sql)
    {
        ThrowOnError(database, raw.sqlite3_prepare_v2(database, sql, out sqlite3_stmt statement), sql);
        statement.Dispose();
    }

    private static void ThrowOnError(sqlite3 database, int result, string sql)
    {
        if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
        {
            throw new SqliteException(
                $"'{sql}' failed with SQLite error {result}: {raw.sqlite3_errmsg(database).utf8_to_string()}.",
                result,
                raw.sqlite3_extended_errcode(database)
            );
        }
    }
}
