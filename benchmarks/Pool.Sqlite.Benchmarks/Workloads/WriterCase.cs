namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>The conditions of a crowd of writers.</summary>
/// <param name="Synchronous">As in the PRAGMA: <c>full</c> waits for the disk at every commit, <c>normal</c> does
/// not.</param>
/// <param name="MinimumThreads">Of the thread pool; null leaves it as the runtime made it.</param>
internal sealed record WriterCase(int Writers, SynchronousMode Synchronous, int? MinimumThreads)
{
    /// <summary>Enough for every writer of the largest crowd to block a thread of its own.</summary>
    public const int ManyThreads = 70;

    /// <summary>First all with the thread pool as it is: threads that were asked for once stay for a while.</summary>
    public static IReadOnlyList<WriterCase> All { get; } =
    [
        .. from threads in (int?[])[null, ManyThreads]
           from writers in (int[])[16, 64]
           from synchronous in (SynchronousMode[])[SynchronousMode.Full, SynchronousMode.Normal]
           select new WriterCase(writers, synchronous, threads),
    ];

    public string Title
    {
        get
        {
            var threads = MinimumThreads is { } number ? $", {number} minimum threads" : "";
            return $"{Writers} writers, {(Synchronous == SynchronousMode.Full ? "FULL" : "NORMAL")}{threads}";
        }
    }
}
