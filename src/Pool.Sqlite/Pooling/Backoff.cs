namespace Pool.Sqlite.Pooling;

/// <summary>How long to pause before trying again.</summary>
internal static class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// 10, 20, 40 ms …, half of it random, so that those who failed together do not try again together.
    /// </summary>
    /// <param name="retry">From 0.</param>
    public static TimeSpan Delay(int retry) => First * Math.Pow(2, Math.Min(retry, 10)) * (0.5 + (0.5 * Jitter()));

    /// <summary>From 0 to 1.</summary>
#pragma warning disable CA5394 // Jitter is not a secret.
    public static double Jitter() => Random.Shared.NextDouble();
#pragma warning restore CA5394
}
