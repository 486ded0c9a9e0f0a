using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>The texts of one connection whose rows are being read, the newest last.</summary>
internal sealed class OpenStatements(StatementCache statements, SessionActivity activity)
{
    private readonly List<OpenStatement> _open = [];

    /// <summary>How many are open, or were not noticed to be closed yet.</summary>
    public int Count => _open.Count;

    /// <summary>The newest that reads from the database; null when none does.</summary>
    public OpenStatement? Reading => _open.FindLast(static open => open.Current is { IsReadOnly: true });

    public OpenStatement this[int index] => _open[index];

    public void Add(OpenStatement open)
    {
        _open.Add(open);
        activity.NoteReading(open);
    }

    /// <summary>Ends the running of a text, if that has not ended, and puts the text back into the cache.</summary>
    /// <returns>A result code: of a write, what its end came to.</returns>
    public int Finish(OpenStatement open)
    {
        if (open.IsFinished)
        {
            return raw.SQLITE_OK;
        }

        int result = open.End();
        EndReplay(open);
        open.Finish();
        _open.Remove(open);
        activity.NoteReading(_open.Count == 0 ? null : _open[^1]);
        statements.PutBack(open.Text);
        return result;
    }

    /// <summary>Puts back what shows the rows of a statement that has written.</summary>
    public void EndReplay(OpenStatement open)
    {
        if (open.Replay is { } replay)
        {
            open.Replay = null;
            replay.Reset();
            statements.PutBack(replay);
        }
    }

    /// <summary>
    /// Ends the newest, down to a number that stays. What is left of their texts does not run, unlike when their reader
    /// is closed: a return neither waits for the write gate nor throws, and the transaction that the rest was meant for
    /// is being rolled back.
    /// </summary>
    public void FinishAll(int keep = 0)
    {
        for (int i = _open.Count - 1; i >= keep; i--)
        {
            Finish(_open[i]);
        }
    }
}
