namespace Pool.Sqlite.Execution;

/// <summary>Dates as SQLite's numbers: days since noon of the 24th of November 4714 BC, to the millisecond.</summary>
internal static class JulianDate
{
    private const double MillisecondsPerDay = 86_400_000;

    // The first of January of the year 1, in milliseconds.
    private const long FirstOfTime = 148_731_163_200_000;

    public static double From(DateTime value) =>
        (FirstOfTime + (value.Ticks / TimeSpan.TicksPerMillisecond)) / MillisecondsPerDay;

    public static double DaysOf(TimeOnly value) => value.Ticks / TimeSpan.TicksPerMillisecond / MillisecondsPerDay;

    /// <exception cref="InvalidOperationException">It is not finite.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It is not between the years 1 and 9999.</exception>
    public static DateTime ToDateTime(double days)
    {
        if (!double.IsFinite(days))
        {
            throw new InvalidOperationException("Values representing Julian dates must be finite double values.");
        }

        double milliseconds = Math.Floor((days * MillisecondsPerDay) + 0.5) - FirstOfTime;
        return milliseconds >= 0 && milliseconds <= DateTime.MaxValue.Ticks / TimeSpan.TicksPerMillisecond
            ? new DateTime((long)milliseconds * TimeSpan.TicksPerMillisecond)
            : throw new ArgumentOutOfRangeException(
                nameof(days),
                days,
                "The Julian date is not between the years 1 and 9999."
            );
    }
}
