namespace Pool.Sqlite.Execution;

/// <summary>One call on a <see cref="StatementCursor"/>.</summary>
internal enum Operation
{
    /// <summary>Runs the whole text.</summary>
    NonQuery,

    /// <summary>Runs the whole text, and keeps the first value of its first result.</summary>
    Scalar,

    /// <summary>Runs up to the first result.</summary>
    Reader,

    Read,
    NextResult,
    Close,
}
