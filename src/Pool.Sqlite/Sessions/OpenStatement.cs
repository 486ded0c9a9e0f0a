using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// A text that is being run and whose rows are still being read. The connection knows of these, and not of the readers:
/// those refer to their lease, which could then never be found to have been dropped.
/// </summary>
internal sealed class OpenStatement(PreparedText text)
{
    public PreparedText Text { get; set; } = text;

    /// <summary>The statement whose values are bound; null between statements.</summary>
    public Statement? Current { get; set; }

    /// <summary>The text that shows the rows of a statement that has written; null without such rows.</summary>
    public PreparedText? Replay { get; set; }

    /// <summary>The statement while it stands on a row that is shown, to read the columns from; null otherwise.</summary>
    public sqlite3_stmt? Row { get; set; }

    /// <summary>True once the text is with the connection again.</summary>
    public bool IsFinished { get; private set; }

    public void Finish()
    {
        Row = null;
        IsFinished = true;
    }

    /// <summary>Ends what is under way.</summary>
    /// <returns>A result code: of a write, what its end came to.</returns>
    public int End()
    {
        int result = Current?.Reset() ?? raw.SQLITE_OK;
        Current = null;
        return result;
    }
}
