using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Execution;

/// <summary>One text of several that run as one.</summary>
/// <param name="sql">The text.</param>
/// <param name="parameters">Its values.</param>
/// <param name="noteChanges">Told how many rows it has changed so far.</param>
internal sealed class BatchText(string sql, SqliteParameterCollection? parameters, Action<int> noteChanges)
{
    private int _recordsAffected = -1;

    public string Sql { get; } = sql;

    public SqliteParameterCollection? Parameters { get; } = parameters;

    /// <summary>True for what the pool puts around the user's texts: BEGIN and COMMIT.</summary>
    public bool IsOwn { get; private init; }

    public static BatchText Own(string sql) => new(sql, null, static _ => { }) { IsOwn = true };

    public void AddChanges(int changes)
    {
        _recordsAffected = Math.Max(0, _recordsAffected) + changes;
        noteChanges(_recordsAffected);
    }
}
