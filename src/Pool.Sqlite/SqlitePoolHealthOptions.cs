namespace Pool.Sqlite;

/// <summary>From where on <see cref="SqlitePool.GetHealth"/> warns, or calls a pool critical.</summary>
/// <remarks>
/// Without any of these a pool is critical when its users are hurt: rents are refused, nothing can be opened, the
/// database can no longer be read or written. A pool that is well used while nothing waits is not.
/// </remarks>
public sealed class SqlitePoolHealthOptions
{
    /// <summary>
    /// The share of <c>PoolSize + MaxOverflow</c> in use above which there is a warning, from 0 to 1. Default 0.7; 1
    /// for never.
    /// </summary>
    public double WarningUtilization { get; set; } = 0.7;

    /// <summary>
    /// The share in use, from 0 to 1, above which a pool is critical and <see cref="SqlitePoolHealth.LeakSuspected"/>,
    /// when it has been so for <see cref="CriticalUtilizationTime"/> and no overflow is left. Default null: utilization
    /// alone is never critical.
    /// </summary>
    public double? CriticalUtilization { get; set; }

    /// <summary>How long utilization must stay above <see cref="CriticalUtilization"/>. Default 10 seconds.</summary>
    public TimeSpan CriticalUtilizationTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The average wait, for a connection or to write, of those that had to wait, from which on there is a warning.
    /// Default 1 second; infinite for never.
    /// </summary>
    public TimeSpan WarningWaitThreshold { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The average wait, for a connection or to write, of those that had to wait, from which on the pool is critical.
    /// Default 5 seconds; infinite for never.
    /// </summary>
    public TimeSpan WaitThreshold { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The time that the status is judged by: it recovers that long after the trouble has ended. Default 1 minute; at
    /// least 10 seconds, and no more than the 5 minutes for which samples are kept counts.
    /// </summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    internal SqlitePoolHealthOptions Clone() => (SqlitePoolHealthOptions)MemberwiseClone();
}
