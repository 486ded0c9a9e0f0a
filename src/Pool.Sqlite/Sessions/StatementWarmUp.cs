using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Diagnostics.Records;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>Fills the statement cache of each new connection.</summary>
/// <param name="statements">What is prepared.</param>
/// <param name="pool">The pool's name, for the log.</param>
/// <param name="logger">Told, once for each text, of what cannot be prepared yet.</param>
internal sealed class StatementWarmUp(IEnumerable<string> statements, string pool, ILogger logger)
{
    private readonly string[] _statements = [.. statements];
    private readonly ConcurrentDictionary<string, bool> _reported = new(StringComparer.Ordinal);

    /// <exception cref="SqliteException">A text is no SQL.</exception>
    /// <exception cref="InvalidOperationException">A text changes the session as soon as it is prepared.</exception>
    public void Prepare(PhysicalConnection connection)
    {
        foreach (string sql in _statements)
        {
            (int result, string message) = Prepare(connection, sql);
            if (result == raw.SQLITE_OK)
            {
                continue;
            }

            if (IsNoSql(result, message))
            {
                throw new SqliteException(
                    $"WarmUpStatements has \"{sql}\", which SQLite cannot read: {message}.",
                    result
                );
            }

            if (_reported.TryAdd(sql, true))
            {
                logger.StatementNotPrepared(pool, sql, message);
            }
        }
    }

    private static (int Result, string Message) Prepare(PhysicalConnection connection, string sql)
    {
        PreparedText text = connection.Statements.Take(sql, isCommand: false);
        try
        {
            int result;
            Statement? statement;
            int index = 0;
            do
            {
                result = connection.TryGet(text, index++, out statement);
            } while (statement is not null);

            if (result == raw.SQLITE_OK && !text.IsWorthKeeping)
            {
                throw new InvalidOperationException(
                    $"WarmUpStatements has \"{sql}\". A PRAGMA, ATTACH, EXPLAIN or a change of the schema is not kept "
                        + "prepared: leave it out, and write PRAGMAs in options.Pragmas."
                );
            }

            return (result, result == raw.SQLITE_OK ? "" : raw.sqlite3_errmsg(connection.Handle).utf8_to_string());
        }
        finally
        {
            connection.Statements.PutBack(text);
        }
    }

    // SQLite has the same code for what is no SQL and for what is missing in the database; a later migration helps only
    // against the second.
    private static bool IsNoSql(int result, string message) =>
        result == raw.SQLITE_ERROR
        && (
            message.EndsWith(": syntax error", StringComparison.Ordinal)
            || message.StartsWith("unrecognized token", StringComparison.Ordinal)
            || message is "incomplete input"
        );
}
