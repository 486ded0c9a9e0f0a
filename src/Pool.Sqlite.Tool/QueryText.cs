using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Tool;

/// <summary>
/// Looks at what <c>query</c> was given before anything runs, so that what it refuses is told in the tool's own words.
/// </summary>
internal static class QueryText
{
    /// <exception cref="ToolException">It is not one statement that reads.</exception>
    public static void Check(SqliteConnection connection, string sql)
    {
        bool isFirst = true;
        for (string rest = sql; rest.Length > 0; )
        {
            int result = raw.sqlite3_prepare_v2(connection.Handle, rest, out sqlite3_stmt statement, out string tail);
            using (statement)
            {
                if (result != raw.SQLITE_OK && isFirst)
                {
                    // Running it tells why.
                    return;
                }

                if (result != raw.SQLITE_OK || !statement.IsInvalid)
                {
                    CheckStatement(statement, isFirst);
                    isFirst = false;
                }
            }

            rest = tail;
        }

        if (isFirst)
        {
            throw new ToolException("There is no statement in the text. Write one that reads: \"select …\".");
        }
    }

    /// <summary>What to say of a statement that writes.</summary>
    public static ToolException Writes(Exception? cause = null) =>
        new(
            "The statement writes, and query only reads: nothing was run. Write by your application, or by the sqlite3 shell.",
            cause
        );

    private static void CheckStatement(sqlite3_stmt statement, bool isFirst)
    {
        if (!isFirst)
        {
            throw new ToolException(
                "There is more than one statement in the text, and query shows the rows of one. Nothing was run. Call it once for each."
            );
        }

        if (raw.sqlite3_column_count(statement) == 0)
        {
            throw raw.sqlite3_stmt_readonly(statement) == 0
                ? Writes()
                : new ToolException(
                    "The statement has no rows to show, and query only reads: nothing was run. Write one that reads: \"select …\"."
                );
        }

        if (raw.sqlite3_bind_parameter_count(statement) > 0)
        {
            throw new ToolException(
                "The statement has parameters, and query has no values for them. Write the values into the statement."
            );
        }
    }
}
