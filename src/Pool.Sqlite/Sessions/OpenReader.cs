using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// A reader that is open on a connection, with the statement under it. The connection knows of these, and not of the
/// commands: those refer to their lease, which could then never be found to have been dropped.
/// </summary>
internal sealed class OpenReader(SqliteDataReader reader, Statement statement, bool writes)
{
    public SqliteDataReader Reader { get; } = reader;

    public Statement Statement { get; } = statement;

    /// <summary>True when its statement writes: the write gate is held until it closes.</summary>
    public bool Writes { get; } = writes;

    /// <summary>True once reading from it has thrown: its end has nothing to add.</summary>
    public bool HasFailed { get; set; }

    /// <summary>What SQLite said to the end of a statement that writes, where it ended with its reader: a result code.</summary>
    public int End { get; set; }

    /// <summary>True once the statement is with the connection again.</summary>
    public bool IsFinished { get; set; }
}
