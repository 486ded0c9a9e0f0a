using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>A category for each room, so that one can be turned up or down alone.</summary>
internal sealed class PoolLoggers(ILoggerFactory factory, TimeProvider time)
{
    /// <summary>Leases: waits, timeouts, leaks, closing.</summary>
    public QuietLogger Leasing { get; } = new(factory.CreateLogger("Pool.Sqlite.Pooling"), time);

    /// <summary>Connections: opening, cleaning, retiring, the engine.</summary>
    public QuietLogger Connections { get; } = new(factory.CreateLogger("Pool.Sqlite.Sessions"), time);

    /// <summary>The write gate and the write queue.</summary>
    public QuietLogger Writing { get; } = new(factory.CreateLogger("Pool.Sqlite.Writing"), time);

    /// <summary>Commands: their text, duration and rows.</summary>
    public QuietLogger Commands { get; } = new(factory.CreateLogger("Pool.Sqlite.Command"), time);

    /// <summary>The housekeeper.</summary>
    public QuietLogger Maintenance { get; } = new(factory.CreateLogger("Pool.Sqlite.Maintenance"), time);

    /// <summary>Says of warnings that come in numbers how many were left out, where that is due.</summary>
    public void ReportRepeated(string pool)
    {
        Leasing.ReportRepeated(pool);
        Connections.ReportRepeated(pool);
        Writing.ReportRepeated(pool);
        Commands.ReportRepeated(pool);
    }
}
