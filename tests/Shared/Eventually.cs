using System.Diagnostics;

namespace Pool.Sqlite.Tests.Shared;

/// <summary>Waits for what no signal announces, by looking again and again; one that gives up says what is missing.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks until nothing is missing any more, or the time is up. It looks once in any case.</summary>
    /// <param name="look">Says what is missing; null when it has come true.</param>
    /// <param name="limit">How long it looks.</param>
    /// <param name="pause">How long it pauses between two looks; 20 ms by default.</param>
    /// <param name="until">What ends a pause early.</param>
    /// <returns>Null when it has come true; otherwise what was missing at the end, and after how long.</returns>
    public static async Task<string?> WhyNot(
        Func<Task<string?>> look,
        TimeSpan limit,
        TimeSpan? pause = null,
        Task? until = null
    )
    {
        long start = Stopwatch.GetTimestamp();
        for (; ; )
        {
            if (await look() is not { } missing)
            {
                return null;
            }

            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                return $"{missing} (after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s)";
            }

            Task over = Task.Delay(pause ?? Pause);
            await (until is null ? over : Task.WhenAny(until, over));
        }
    }

    /// <inheritdoc cref="WhyNot(Func{Task{string}}, TimeSpan, TimeSpan?, Task)"/>
    public static Task<string?> WhyNot(
        Func<string?> look,
        TimeSpan limit,
        TimeSpan? pause = null,
        Task? until = null
    ) => WhyNot(() => Task.FromResult(look()), limit, pause, until);

    /// <summary>As <see cref="WhyNot(Func{Task{string}}, TimeSpan, TimeSpan?, Task)"/>, for what must come true.</summary>
    /// <exception cref="TimeoutException">It has not.</exception>
    public static async Task Holds(Func<Task<string?>> look, TimeSpan limit, TimeSpan? pause = null)
    {
        if (await WhyNot(look, limit, pause) is { } missing)
        {
            throw new TimeoutException(missing);
        }
    }
}
