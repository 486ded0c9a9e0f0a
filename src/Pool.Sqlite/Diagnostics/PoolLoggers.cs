using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Diagnostics;

/// <summary>A category for each room, so that one can be turned up or down alone.</summary>
internal sealed class PoolLoggers(ILoggerFactory factory)
{
    /// <summary>Leases: waits, timeouts, leaks, closing.</summary>
    public ILogger Leasing { get; } = new QuietLogger(factory.CreateLogger("Pool.Sqlite.Pooling"));

    /// <summary>Connections: opening, cleaning, retiring, the engine.</summary>
    public ILogger Connections { get; } = new QuietLogger(factory.CreateLogger("Pool.Sqlite.Sessions"));

    /// <summary>The write gate and the write queue.</summary>
    public ILogger Writing { get; } = new QuietLogger(factory.CreateLogger("Pool.Sqlite.Writing"));

    /// <summary>The housekeeper.</summary>
    public ILogger Maintenance { get; } = new QuietLogger(factory.CreateLogger("Pool.Sqlite.Maintenance"));
}
