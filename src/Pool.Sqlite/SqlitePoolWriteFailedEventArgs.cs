namespace Pool.Sqlite;

/// <summary>Tells of a posted item that failed; nothing of it is stored.</summary>
/// <param name="exception">Why.</param>
/// <param name="sql">Its statement, without the values; null when it was a function.</param>
public sealed class SqlitePoolWriteFailedEventArgs(Exception exception, string? sql) : EventArgs
{
    /// <summary>Why it failed.</summary>
    public Exception Exception { get; } = exception;

    /// <summary>The statement, without its values; null when a function was posted.</summary>
    public string? Sql { get; } = sql;
}
