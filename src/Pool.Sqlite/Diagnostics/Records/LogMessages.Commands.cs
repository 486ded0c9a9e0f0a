using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Diagnostics.Records;

/// <content>Of commands. Their text has no parameter's value.</content>
internal static partial class LogMessages
{
    [LoggerMessage(40, LogLevel.Debug, "Pool {Pool}: a command took {Milliseconds} ms, {Rows} rows: {Sql}")]
    public static partial void CommandRan(this ILogger logger, string pool, double milliseconds, int rows, string sql);

    [LoggerMessage(41, LogLevel.Debug, "Pool {Pool}: a command failed after {Milliseconds} ms with {Failure}: {Sql}")]
    public static partial void CommandFailed(
        this ILogger logger,
        string pool,
        double milliseconds,
        string failure,
        string sql
    );

    [LoggerMessage(42, LogLevel.Warning, "Pool {Pool}: a slow command took {Milliseconds} ms, {Rows} rows: {Sql}")]
    public static partial void SlowCommand(this ILogger logger, string pool, double milliseconds, int rows, string sql);
}
