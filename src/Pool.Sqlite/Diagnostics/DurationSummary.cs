namespace Pool.Sqlite;

/// <summary>Durations of one kind, over the life of a pool.</summary>
/// <param name="Count">How many times it was measured.</param>
/// <param name="Total">All of them together.</param>
/// <param name="P50">
/// Half of them took no longer (never too low; too high by up to 12.5 %, or one microsecond if that is more).
/// </param>
/// <param name="P99">
/// 99 of 100 took no longer (never too low; too high by up to 12.5 %, or one microsecond if that is more).
/// </param>
/// <param name="Max">The longest.</param>
public readonly record struct DurationSummary(long Count, TimeSpan Total, TimeSpan P50, TimeSpan P99, TimeSpan Max)
{
    /// <summary>The arithmetic mean; zero when nothing was measured.</summary>
    public TimeSpan Mean => Count == 0 ? TimeSpan.Zero : Total / Count;
}
