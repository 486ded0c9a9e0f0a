using System.Data;
using System.Data.Common;
using System.Globalization;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Support;

/// <summary>One-line SQL, so that a test shows what it is about.</summary>
internal static class SqlExtensions
{
    public static int Run(this DbConnection connection, string sql)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    /// <summary>The first column of the first row, as text; null when there is no row.</summary>
    public static string? Ask(this DbConnection connection, string sql)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The native connection underneath. While a test holds it, equality means that it is the same one, not one that
    /// was opened at the same address.
    /// </summary>
    public static sqlite3 Native(this SqlitePoolConnection connection) => connection.SqliteConnection.Handle!;

    /// <summary>
    /// The number of the native connection within its pool: the same number, the same connection. Unlike
    /// <see cref="Native"/> it leaves the connection as one that no lease has looked behind.
    /// </summary>
    public static long Number(this SqlitePoolConnection connection) => connection.LeaseId >> 32;

    /// <summary>The SQL of everything that is prepared on the native connection.</summary>
    public static IEnumerable<string> PreparedStatements(this SqlitePoolConnection connection)
    {
        sqlite3 native = connection.Native();
        for (sqlite3_stmt? s = raw.sqlite3_next_stmt(native, null); s is not null; s = raw.sqlite3_next_stmt(native, s))
        {
            yield return raw.sqlite3_sql(s).utf8_to_string();
        }
    }

    public static bool IsOpen(this DbConnection connection) => connection.State == ConnectionState.Open;
}
