using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Diagnostics.Records;

/// <content>Of the write queue.</content>
internal static partial class LogMessages
{
    [LoggerMessage(30, LogLevel.Warning, "Pool {Pool}: an item that was posted to the write queue failed: {Item}")]
    public static partial void PostFailed(this ILogger logger, Exception exception, string pool, string item);

    [LoggerMessage(31, LogLevel.Warning, "Pool {Pool}: a PostFailed handler threw.")]
    public static partial void PostFailedHandlerFailed(this ILogger logger, Exception exception, string pool);

    [LoggerMessage(
        32,
        LogLevel.Debug,
        "Pool {Pool}: a batch of {Items} writes could not be committed; its items are run one by one."
    )]
    public static partial void BatchRunsOneByOne(this ILogger logger, Exception? exception, string pool, int items);

    [LoggerMessage(33, LogLevel.Warning, "Pool {Pool}: nothing could be written; {Items} queued writes failed.")]
    public static partial void WritesFailed(this ILogger logger, Exception exception, string pool, int items);

    [LoggerMessage(
        35,
        LogLevel.Error,
        "Pool {Pool}: the disk did not confirm a commit; it is not certain that its {Items} queued writes are stored for good."
    )]
    public static partial void WritesUncertain(this ILogger logger, Exception exception, string pool, int items);

    [LoggerMessage(
        36,
        LogLevel.Warning,
        "Pool {Pool}: {Timeout} after it was closed the disk had not ended the sync that commits wait for."
    )]
    public static partial void SyncStillRuns(this ILogger logger, string pool, TimeSpan timeout);

    [LoggerMessage(
        34,
        LogLevel.Warning,
        "Pool {Pool}: {Items} queued writes were not committed within {Timeout} of its being closed, and failed."
    )]
    public static partial void WritesAbandoned(this ILogger logger, string pool, int items, TimeSpan timeout);
}
