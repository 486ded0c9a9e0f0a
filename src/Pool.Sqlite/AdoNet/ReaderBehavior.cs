using System.Data;

namespace Pool.Sqlite;

/// <summary>What a <see cref="CommandBehavior"/> leaves out of the rows and results of a reader.</summary>
internal struct ReaderBehavior(CommandBehavior behavior)
{
    private bool _isAtEnd;

    /// <summary>True when there is one result at the most.</summary>
    public readonly bool HasOneResult => (behavior & (CommandBehavior.SingleRow | CommandBehavior.SingleResult)) != 0;

    public readonly bool ClosesConnection => (behavior & CommandBehavior.CloseConnection) != 0;

    /// <summary>True when the next row is not to be read. To be asked once for each.</summary>
    public bool StopsHere() => (behavior & (CommandBehavior.SingleRow | CommandBehavior.SchemaOnly)) != 0 && IsAtEnd();

    public void BeginResult() => _isAtEnd = false;

    private bool IsAtEnd()
    {
        bool was = _isAtEnd;
        _isAtEnd = true;
        return was || (behavior & CommandBehavior.SchemaOnly) != 0;
    }
}
