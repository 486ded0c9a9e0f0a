using System.Diagnostics;
using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// Waits that end: long enough for any machine, so that only a test which has failed already ever meets the limit.
/// </summary>
internal static class Limit
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private const int LooksInARow = 100;

    public static Task Limited(this Task task) => task.WaitAsync(Length);

    public static Task<T> Limited<T>(this Task<T> task) => task.WaitAsync(Length);

    public static Task<T> Limited<T>(this ValueTask<T> task) => task.AsTask().WaitAsync(Length);

    public static Task Limited(this ValueTask task) => task.AsTask().WaitAsync(Length);

    public static void Pass(this ManualResetEventSlim latch) =>
        Assert.True(latch.Wait(Length), "The latch was not opened in time.");

    /// <summary>Waits for what no signal announces, such as the count of those who wait.</summary>
    public static async Task Until(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        for (int looks = 0; ; looks++)
        {
            // Asked before the look: however long this thread was kept from running, it looks once more.
            bool isLate = Stopwatch.GetElapsedTime(start) >= Length;
            if (condition())
            {
                return;
            }

            Assert.False(isLate, "The condition did not come true in time.");

            // Soon it leaves the processor to those it waits for.
            if (looks < LooksInARow)
            {
                await Task.Yield();
            }
            else
            {
                await Task.Delay(1);
            }
        }
    }

    /// <summary>
    /// Runs something that blocks on a thread of its own, so that it takes none of the thread pool's.
    /// </summary>
    public static Task<T> OnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc cref="OnThread{T}(Func{T})"/>
    public static Task OnThread(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
