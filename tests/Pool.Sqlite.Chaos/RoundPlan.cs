namespace Pool.Sqlite.Chaos;

/// <summary>The settings of one pool's life.</summary>
internal sealed record RoundPlan
{
    // No wait takes that long where nothing is stuck, not even on a machine that stands still for some seconds.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public required int Number { get; init; }

    public required TimeSpan Length { get; init; }

    public required int Workers { get; init; }

    public required SqlitePoolOptions Options { get; init; }

    public required bool HasOutsider { get; init; }

    public required bool HasDiskFaults { get; init; }

    public required bool TurnsReadOnly { get; init; }

    public required bool ClockJumps { get; init; }

    public required bool HasHooks { get; init; }

    /// <summary>True to close the pool while all are at work, false to let it come to rest first.</summary>
    public required bool ClosesInTheMiddle { get; init; }

    public static RoundPlan Make(int number, Random random, string database, SynchronousMode? synchronous)
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = $"Data Source={database}",
            PoolSize = random.Next(1, 9),
            MaxOverflow = random.Next(0, 5),
            RentTimeout = Longest,
            ShutdownTimeout = TimeSpan.FromSeconds(60),
            MaxLifetime = TimeSpan.FromMilliseconds(random.Next(200, 5_000)),
            IdleTimeout = TimeSpan.FromMilliseconds(random.Next(200, 2_000)),
            OverflowIdleTimeout = TimeSpan.FromMilliseconds(random.Next(0, 500)),
            ProbeAfterIdle = TimeSpan.FromMilliseconds(random.Next(0, 300)),
            HealthCheckInterval = TimeSpan.FromMilliseconds(random.Next(100, 1_000)),
            StatementCacheSize = random.Next(3) == 0 ? random.Next(0, 4) : 256,
            CaptureRentSite = random.Next(8) == 0,
            GroupCommit = random.Next(3) != 0,
        };
        options.MinIdle = random.Next(0, options.PoolSize + 1);
        options.Pragmas.BusyTimeout = Longest;
        options.Pragmas.Synchronous =
            synchronous ?? (random.Next(2) == 0 ? SynchronousMode.Full : SynchronousMode.Normal);
        options.Pragmas.WalAutoCheckpointPages = random.Next(10, 400);
        options.Pragmas.MmapSizeBytes = random.Next(2) == 0 ? 0 : 268_435_456;
        options.Writes.Capacity = random.Next(2, 200);
        options.Writes.MaxBatchSize = random.Next(1, 100);
        return new RoundPlan
        {
            Number = number,
            Length = TimeSpan.FromMilliseconds(random.Next(1_500, 6_000)),
            Workers = random.Next(8, 40),
            Options = options,
            HasOutsider = random.Next(2) == 0,
            HasDiskFaults = random.Next(2) == 0,
            TurnsReadOnly = random.Next(4) == 0,
            ClockJumps = random.Next(3) == 0,
            HasHooks = random.Next(2) == 0,
            ClosesInTheMiddle = random.Next(2) == 0,
        };
    }

    public override string ToString() =>
        $"round {Number}: {Workers} tasks, size {Options.PoolSize}+{Options.MaxOverflow}, min {Options.MinIdle}, "
        + $"{Options.Pragmas.Synchronous}{(Options.GroupCommit ? "" : " without group commit")}, queue {Options.Writes.Capacity}"
        + $"{(HasOutsider ? ", outsider" : "")}{(HasDiskFaults ? ", disk faults" : "")}{(TurnsReadOnly ? ", read-only" : "")}"
        + $"{(ClockJumps ? ", clock" : "")}{(HasHooks ? ", hooks" : "")}{(ClosesInTheMiddle ? ", closed in the middle" : "")}";
}
