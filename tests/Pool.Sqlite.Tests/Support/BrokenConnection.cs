using SQLitePCL;

namespace Pool.Sqlite.Tests.Support;

/// <summary>Breaks a connection while it is idle in its pool, so that every statement on it fails.</summary>
internal static class BrokenConnection
{
    /// <summary>Breaks the connection that is lent next.</summary>
    public static void BreakIdle(this SqlitePool pool)
    {
        sqlite3 handle;
        using (SqlitePoolConnection connection = pool.Rent())
        {
            handle = connection.SqliteConnection.Handle!;
        }

        // Asked after every step, the handler ends whatever runs.
        raw.sqlite3_progress_handler(handle, 1, static _ => 1, null);
    }
}
