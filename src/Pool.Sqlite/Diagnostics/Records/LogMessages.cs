using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>Everything the library writes to a log, with event ids that stay.</summary>
internal static partial class LogMessages
{
    /// <summary>Warnings that a pool under load would write for every rent, with their ids.</summary>
    public static readonly (int Id, string Text)[] Repeated =
    [
        (8, "slow rent"),
        (9, "rent timed out"),
        (10, "slow open"),
        (14, "slow write gate"),
        (42, "slow command"),
    ];

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "Pool {Pool}: lease {Lease} went back with a transaction open; it was rolled back."
    )]
    public static partial void TransactionRolledBack(this ILogger logger, string pool, string lease);

    [LoggerMessage(2, LogLevel.Debug, "Pool {Pool}: the connection of lease {Lease} is not used again: {Problem}.")]
    public static partial void ConnectionNotReused(this ILogger logger, string pool, string lease, string? problem);

    [LoggerMessage(
        3,
        LogLevel.Warning,
        "Pool {Pool}: lease {Lease} was dropped without being disposed; the finalizer brought it back."
    )]
    public static partial void LeaseLeaked(this ILogger logger, string pool, string lease);

    [LoggerMessage(4, LogLevel.Warning, "Pool {Pool}: opening a connection failed.")]
    public static partial void OpenFailed(this ILogger logger, Exception exception, string pool);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "Pool {Pool}: the {Hook} hook threw; the connection is not used again, unless it is a private memory database."
    )]
    public static partial void HookFailed(this ILogger logger, Exception exception, string pool, string hook);

    [LoggerMessage(
        6,
        LogLevel.Warning,
        "Pool {Pool}: {Timeout} after it was closed these leases were still out; their connections close when they are returned: {Leases}"
    )]
    public static partial void LeasesStillOut(this ILogger logger, string pool, TimeSpan timeout, string leases);

    [LoggerMessage(7, LogLevel.Warning, "Pool {Pool}: closing a connection failed.")]
    public static partial void CloseFailed(this ILogger logger, Exception exception, string pool);

    [LoggerMessage(
        8,
        LogLevel.Warning,
        "Pool {Pool}: a rent waited {Milliseconds} ms for a connection; {InUse} of {Limit} are in use, {Waiting} others wait."
    )]
    public static partial void SlowRent(
        this ILogger logger,
        string pool,
        double milliseconds,
        int inUse,
        int limit,
        int waiting
    );

    [LoggerMessage(
        9,
        LogLevel.Warning,
        "Pool {Pool}: no connection was free within {Milliseconds} ms; {InUse} of {Limit} are in use, {Waiting} others wait."
    )]
    public static partial void RentTimedOut(
        this ILogger logger,
        string pool,
        double milliseconds,
        int inUse,
        int limit,
        int waiting
    );

    [LoggerMessage(10, LogLevel.Warning, "Pool {Pool}: opening a connection took {Milliseconds} ms.")]
    public static partial void SlowOpen(this ILogger logger, string pool, double milliseconds);

    [LoggerMessage(
        11,
        LogLevel.Information,
        "Pool {Pool}: opening a connection is tried again in {Milliseconds} ms (retry {Retry} of {Retries})."
    )]
    public static partial void OpenRetried(
        this ILogger logger,
        string pool,
        double milliseconds,
        int retry,
        int retries
    );

    [LoggerMessage(12, LogLevel.Debug, "Pool {Pool}: a connection is retired: {Reason}.")]
    public static partial void ConnectionRetired(this ILogger logger, string pool, string reason);

    [LoggerMessage(13, LogLevel.Warning, "Pool {Pool}: a connection failed its health check and is closed.")]
    public static partial void HealthCheckFailed(this ILogger logger, string pool);

    [LoggerMessage(
        14,
        LogLevel.Warning,
        "Pool {Pool}: a write waited {Milliseconds} ms for the write gate; {Waiting} others wait."
    )]
    public static partial void SlowWriteGate(this ILogger logger, string pool, double milliseconds, int waiting);

    [LoggerMessage(
        15,
        LogLevel.Warning,
        "Pool {Pool}: {Lease} (LeakThreshold {Threshold}). {InUse} of {Limit} are in use, {Waiting} rents and {WaitingWrites} writes wait."
    )]
    public static partial void LeaseHeldTooLong(
        this ILogger logger,
        string pool,
        string lease,
        TimeSpan threshold,
        int inUse,
        int limit,
        int waiting,
        int waitingWrites
    );

    [LoggerMessage(
        16,
        LogLevel.Information,
        "Pool {Pool}: lease {Lease}, which was reported as held too long, came back after {Seconds} s."
    )]
    public static partial void LeaseCameBack(this ILogger logger, string pool, string lease, double seconds);

    [LoggerMessage(17, LogLevel.Warning, "Pool {Pool}: {Evidence} {Recommendation}")]
    public static partial void EngineWarning(this ILogger logger, string pool, string evidence, string recommendation);

    [LoggerMessage(
        26,
        LogLevel.Warning,
        "Pool {Pool}: the database lies on a network file system ({FileSystem}). SQLite's locks are not certain to hold there, and a WAL "
            + "needs memory that its processes share. Move the file to a local disk; or let one machine alone use it, with Journal Mode=Delete."
    )]
    public static partial void NetworkFileSystemUsed(this ILogger logger, string pool, string fileSystem);

    [LoggerMessage(
        19,
        LogLevel.Warning,
        "Pool {Pool}: {Count} more like \"{What}\" in the last {Seconds} s were left out of the log."
    )]
    public static partial void RepeatedWarnings(
        this ILogger logger,
        string pool,
        int count,
        string what,
        double seconds
    );

    [LoggerMessage(
        20,
        LogLevel.Information,
        "Pool {Pool}: closing waits up to {Timeout} for {Leases} and {Writes}. {Details}"
    )]
    public static partial void ShutdownWaits(
        this ILogger logger,
        string pool,
        TimeSpan timeout,
        string leases,
        string writes,
        string details
    );

    [LoggerMessage(
        25,
        LogLevel.Warning,
        "Pool {Pool}: the warm-up statement \"{Sql}\" cannot be prepared yet, and is left out: {Problem}."
    )]
    public static partial void StatementNotPrepared(this ILogger logger, string pool, string sql, string problem);

    [LoggerMessage(
        27,
        LogLevel.Warning,
        "Pool {Pool}: the memory database is lost. It lives in one connection, and the caller's code has closed that (SqliteConnection); "
            + "the next rent begins with an empty one. Leave the driver's connection open, and dispose the lease instead."
    )]
    public static partial void MemoryDatabaseLost(this ILogger logger, string pool);

    [LoggerMessage(
        28,
        LogLevel.Warning,
        "Pool {Pool}: what lease {Lease} has left on the connection could not be undone ({Problem}). The connection is the memory database, "
            + "and is used on as it is."
    )]
    public static partial void MemoryDatabaseNotClean(this ILogger logger, string pool, string lease, string? problem);

    [LoggerMessage(18, LogLevel.Error, "Pool {Pool}: a round of the housekeeper failed; the next one tries again.")]
    public static partial void RoundFailed(this ILogger logger, Exception exception, string pool);
}
