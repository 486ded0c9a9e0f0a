using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Diagnostics;

/// <summary>Everything the library writes to a log, with event ids that stay.</summary>
internal static partial class LogMessages
{
    [LoggerMessage(1, LogLevel.Warning,
        "Pool {Pool}: lease {Lease} went back with a transaction open; it was rolled back.")]
    public static partial void TransactionRolledBack(this ILogger logger, string pool, string lease);

    [LoggerMessage(2, LogLevel.Debug,
        "Pool {Pool}: the connection of lease {Lease} is not used again: {Problem}.")]
    public static partial void ConnectionNotReused(this ILogger logger, string pool, string lease, string? problem);

    [LoggerMessage(3, LogLevel.Warning,
        "Pool {Pool}: lease {Lease} was dropped without being disposed; the finalizer brought it back.")]
    public static partial void LeaseLeaked(this ILogger logger, string pool, string lease);

    [LoggerMessage(4, LogLevel.Warning, "Pool {Pool}: opening a connection failed.")]
    public static partial void OpenFailed(this ILogger logger, Exception exception, string pool);

    [LoggerMessage(5, LogLevel.Warning, "Pool {Pool}: the {Hook} hook threw; the connection is not used again.")]
    public static partial void HookFailed(this ILogger logger, Exception exception, string pool, string hook);

    [LoggerMessage(6, LogLevel.Warning,
        "Pool {Pool}: {Timeout} after it was closed these leases were still out; their connections close when they are returned: {Leases}")]
    public static partial void LeasesStillOut(this ILogger logger, string pool, TimeSpan timeout, string leases);

    [LoggerMessage(7, LogLevel.Warning, "Pool {Pool}: closing a connection failed.")]
    public static partial void CloseFailed(this ILogger logger, Exception exception, string pool);
}
