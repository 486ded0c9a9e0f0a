using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <content>Preparing what its leases will use.</content>
internal sealed partial class PhysicalConnection
{
    /// <summary>Puts a text into the statement cache.</summary>
    /// <returns>A result code, and the message that belongs to it.</returns>
    /// <exception cref="InvalidOperationException">It is one that changes the session, or has to be prepared anew each time.</exception>
    public (int Result, string Message) PrepareAhead(string sql)
    {
        PreparedText text = Statements.Take(sql, isCommand: false);
        try
        {
            int result;
            Statement? statement;
            int index = 0;
            do
            {
                result = TryGet(text, index++, out statement);
            }
            while (statement is not null);

            if (result == raw.SQLITE_OK && !text.IsWorthKeeping)
            {
                throw new InvalidOperationException(
                    $"WarmUpStatements has \"{sql}\". A PRAGMA, ATTACH, EXPLAIN or a change of the schema is not kept prepared: leave it "
                    + "out, and write PRAGMAs in options.Pragmas.");
            }

            return (result, result == raw.SQLITE_OK ? "" : raw.sqlite3_errmsg(Handle).utf8_to_string());
        }
        finally
        {
            Statements.PutBack(text);
        }
    }
}
