using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Whether the engine can encrypt. SQLite itself cannot, and ignores what sets a key: the file would be one that
/// everybody can read.
/// </summary>
internal static class EngineEncryption
{
    // Those of which the driver knows it.
    private static readonly string[] Libraries = ["e_sqlcipher", "sqlcipher", "e_sqlite3mc", "sqlite3mc"];

    // What only an engine answers that can: SQLCipher, SQLite3 Multiple Ciphers, SQLite's own extension (SEE).
    private static readonly string[] Questions =
    [
        "PRAGMA cipher_version",
        "PRAGMA cipher",
        "SELECT sqlite3mc_version()",
        "SELECT 1 WHERE sqlite_compileoption_used('HAS_CODEC')",
    ];

    private static bool _isKnownToBeThere;

    /// <summary>To be called before the file of a database with a password is opened, which may create it.</summary>
    /// <exception cref="InvalidOperationException">It cannot; the message says what to use.</exception>
    public static void Require(string dataSource)
    {
        if (!(_isKnownToBeThere |= IsThere()))
        {
            throw new InvalidOperationException(
                $"The connection string of '{dataSource}' has a Password, and the SQLite engine of this application "
                    + $"('{raw.GetNativeLibraryName()}') cannot encrypt: nothing was opened. Leave the Password out, or use an engine that "
                    + "can: Microsoft.Data.Sqlite.Core with SQLite3MC.PCLRaw.bundle or a SQLCipher package, in place of "
                    + "SQLitePCLRaw.bundle_e_sqlite3. See \"Another engine\" in docs/configuration.md."
            );
        }
    }

    private static bool IsThere()
    {
        if (Libraries.Contains(raw.GetNativeLibraryName(), StringComparer.OrdinalIgnoreCase))
        {
            return true;
        }

        int opened = raw.sqlite3_open_v2(":memory:", out sqlite3 database, raw.SQLITE_OPEN_READWRITE, null);
        using (database)
        {
            return opened == raw.SQLITE_OK && Questions.Any(question => AnswersRow(database, question));
        }
    }

    private static bool AnswersRow(sqlite3 database, string question)
    {
        if (raw.sqlite3_prepare_v2(database, question, out sqlite3_stmt statement) != raw.SQLITE_OK)
        {
            return false;
        }

        using (statement)
        {
            return raw.sqlite3_step(statement) == raw.SQLITE_ROW;
        }
    }
}
