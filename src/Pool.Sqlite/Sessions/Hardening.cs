using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// The settings of a connection to a file from outside, as SQLite advises: see
/// <see href="https://www.sqlite.org/security.html"/>.
/// </summary>
internal static class Hardening
{
    // sqlite3.h: SQLITE_DBCONFIG_DEFENSIVE.
    private const int Defensive = 1010;

    /// <summary>Applied before anything else, so that nothing reads the schema without them.</summary>
    public static IReadOnlyList<Pragma> Pragmas { get; } =
    [new("trusted_schema", "0", "0"), new("cell_size_check", "1", "1")];

    /// <summary>Turns on defensive mode.</summary>
    /// <exception cref="SqliteException">The engine does not know it.</exception>
    public static void Apply(sqlite3 handle)
    {
        if (raw.sqlite3_db_config(handle, Defensive, 1, out int isOn) != raw.SQLITE_OK || isOn != 1)
        {
            throw new SqliteException(
                $"This SQLite ({raw.sqlite3_libversion().utf8_to_string()}) has no defensive mode, which Untrusted asks for.",
                raw.SQLITE_ERROR
            );
        }
    }
}
