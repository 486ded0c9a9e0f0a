using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>All cases of the comparison, and the sections of its report in the order in which they are shown.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<(string Suite, string Title)> Suites { get; } =
    [
        ("writers", "Writers under contention: one insert a commit (synchronous=FULL, Dapper, 32 minimum threads)"),
        ("queue", "The write queue: the same inserts, each awaited by its caller"),
        ("mixed", "90 % point reads, 10 % durable inserts"),
        ("transactions", "Explicit transactions (synchronous=FULL)"),
        ("web", "A web endpoint that reads one row and updates it (synchronous=FULL, Kestrel in a process of its own)"),
        ("rents", "Rent and return (wall time an operation)"),
        ("reads", "Reads, each with its rent and return"),
        ("rows", "Rows, with rent and return"),
        ("settings", "Leases that set PRAGMAs"),
        ("ef", "EF Core: UseSqlitePool against UseSqlite"),
        ("waiting", "Waiting tasks"),
        ("processes", "Two processes on one file"),
    ];

    // What wants more threads than there are comes last: those that were asked for once stay for a while.
    public static IReadOnlyList<Case> Cases { get; } =
    [
        .. (
            (IEnumerable<Case>)
                [
                    .. ReadCases.All,
                    .. WriterCases.All,
                    .. EfCases.All,
                    WebCases.ReadAndUpdate,
                    new Check("posts", WriterCases.Queue, "a million posted items", QueuePosts.Run),
                    new Check("waiting", "waiting", "ten thousand waiting tasks", WaiterCrowd.Run),
                    new Check(TwoProcesses.Command, "processes", "two processes", TwoProcesses.Run),
                ]
        ).OrderBy(one => one.MinimumThreads),
    ];

    /// <summary>The cases of some suites (or single ones by their keys); all without a name.</summary>
    public static IReadOnlyList<Case> Select(IReadOnlyCollection<string> names)
    {
        foreach (string? name in names.Where(name => !Cases.Any(one => Named(one, name))))
        {
            throw new UsageException(
                $"--only '{name}' is neither a suite nor a case. "
                    + $"Suites: {string.Join(", ", Suites.Select(suite => suite.Suite))}. Cases: {Keys}."
            );
        }

        return [.. Cases.Where(one => names.Count == 0 || names.Any(name => Named(one, name)))];
    }

    public static Contest Find(string key) =>
        Cases.OfType<Contest>().FirstOrDefault(one => one.Key == key)
        ?? throw new UsageException($"There is no case '{key}' to profile. Cases: {Keys}.");

    private static string Keys => string.Join(", ", Cases.OfType<Contest>().Select(one => one.Key));

    private static bool Named(Case one, string name) => one.Key == name || one.Suites.Contains(name);
}
