using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// SQLite itself, which comes with another package than the driver when that is <c>Microsoft.Data.Sqlite.Core</c>.
/// </summary>
internal static class NativeEngine
{
    /// <summary>The driver's connection for a database, not opened yet.</summary>
    /// <exception cref="InvalidOperationException">
    /// There is no SQLite in the process, or it cannot encrypt and there is a password; the message says what to add.
    /// </exception>
    public static SqliteConnection Connect(DatabaseTarget target)
    {
        SqliteConnection connection;
        try
        {
            connection = new SqliteConnection(target.OpenString);
            _ = raw.sqlite3_libversion_number();
        }
        catch (Exception e) when (e is not SqliteException)
        {
            throw new InvalidOperationException(
                "There is no SQLite engine in this application. Reference Microsoft.Data.Sqlite, which brings one (dotnet add package "
                    + "Microsoft.Data.Sqlite), or a bundle of your choice beside Microsoft.Data.Sqlite.Core, such as "
                    + "SQLitePCLRaw.bundle_e_sqlite3; or name the one of the system before the first connection is opened: "
                    + "SQLitePCL.raw.SetProvider(new SQLite3Provider_sqlite3()).",
                e
            );
        }

        if (target.HasPassword)
        {
            EngineEncryption.Require(target.DataSource);
        }

        return connection;
    }
}
