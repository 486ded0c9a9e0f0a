namespace Pool.Sqlite.Execution;

/// <summary>Where a run stands.</summary>
internal enum StatementPhase
{
    /// <summary>The next statement is to be prepared.</summary>
    Between,

    /// <summary>Prepared and bound, not stepped.</summary>
    Ready,

    /// <summary>Stands on a row; what writes has ended by then.</summary>
    Row,

    /// <summary>Has ended; its columns can still be asked for.</summary>
    Ended,
}
