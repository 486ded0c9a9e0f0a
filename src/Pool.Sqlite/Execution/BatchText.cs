using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Execution;

/// <summary>One text of several that run as one.</summary>
internal sealed class BatchText(string sql, SqliteParameterCollection? parameters, bool isOwn = false)
{
    public string Sql { get; } = sql;

    public SqliteParameterCollection? Parameters { get; } = parameters;

    /// <summary>True for what the pool puts around the user's texts: BEGIN and COMMIT.</summary>
    public bool IsOwn { get; } = isOwn;

    /// <summary>Rows changed; -1 while it has not run, or cannot change any.</summary>
    public int RecordsAffected { get; set; } = -1;
}
