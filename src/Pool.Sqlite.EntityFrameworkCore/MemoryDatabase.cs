using SQLitePCL;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// Empties a database in memory, which lives as long as its pool and cannot be deleted as a file can.
/// </summary>
internal static class MemoryDatabase
{
    // sqlite3.h: the next VACUUM makes the database as new, see https://sqlite.org/c3ref/c_dbconfig_defensive.html.
    private const int ResetDatabase = 1009;

    public static async Task ResetAsync(SqlitePoolConnection connection, CancellationToken cancellationToken)
    {
        sqlite3 database = connection.SqliteConnection.Handle!;
        _ = raw.sqlite3_db_config(database, ResetDatabase, 1, out _);
        try
        {
            SqlitePoolCommand vacuum = connection.CreateCommand("VACUUM");
            await using (vacuum.ConfigureAwait(false))
            {
                await vacuum.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _ = raw.sqlite3_db_config(database, ResetDatabase, 0, out _);
        }
    }
}
