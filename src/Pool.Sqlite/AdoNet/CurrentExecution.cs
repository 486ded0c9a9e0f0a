using Pool.Sqlite.Execution;

namespace Pool.Sqlite;

/// <summary>The execution of a command or a batch that is under way, or whose reader is open.</summary>
internal struct CurrentExecution
{
    private StatementCursor? _cursor;
    private long _generation;
    private bool _isReading;

    public void Begin(StatementCursor cursor)
    {
        Volatile.Write(ref _generation, cursor.Generation);
        Volatile.Write(ref _cursor, cursor);
    }

    /// <summary>From here on the cursor is its reader's, which recycles it.</summary>
    public void BeginReading() => _isReading = true;

    /// <summary>It is over, unless its reader is open.</summary>
    public void EndUnlessReading(StatementCursor cursor)
    {
        if (!_isReading)
        {
            Volatile.Write(ref _cursor, null);
            cursor.Recycle();
        }
    }

    /// <summary>Stops it, also from another thread.</summary>
    public readonly void Cancel() => Volatile.Read(in _cursor)?.Cancel(Volatile.Read(in _generation));

    /// <summary>Closes the reader, if there is one.</summary>
    public void CloseReader()
    {
        if (_isReading)
        {
            _isReading = false;
            StatementCursor cursor = _cursor!;
            Volatile.Write(ref _cursor, null);
            cursor.Close(_generation);
        }
    }

    /// <exception cref="InvalidOperationException">A reader is open.</exception>
    public void ThrowIfReaderIsOpen(string owner)
    {
        if (!_isReading)
        {
            return;
        }

        if (_cursor!.IsOpen(_generation))
        {
            throw new InvalidOperationException($"A reader of this {owner} is open. Close it first.");
        }

        _isReading = false;
        Volatile.Write(ref _cursor, null);
    }
}
