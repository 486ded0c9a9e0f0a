using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Shared;

namespace Pool.Sqlite.Chaos;

/// <summary>One pool from its first rent to its last descriptor.</summary>
internal sealed class ChaosRound
{
    /// <summary>Far beyond every timeout of a pool here: what takes longer is stuck.</summary>
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(90);

    private readonly FaultyDisk? _disk;
    private readonly Disturber _disturber;
    private readonly Worker[] _workers;
    private long _actions;
    private long _dropped;
    private long _restored;
    private volatile bool _isOver;

    public ChaosRound(RoundPlan plan, int seed, string folder, string database, FaultyDisk? disk)
    {
        Plan = plan;
        Folder = folder;
        Database = database;
        _disk = disk;
        int own = (seed * 1_009) + plan.Number;
        Trouble = new Trouble(own);
        if (plan.HasHooks)
        {
            Trouble.HookFailures = 10;
            Trouble.OpenFailures = 30;
            plan.Options.ConnectionOpened = Trouble.OnOpened;
            plan.Options.Renting = Trouble.Allows;
            plan.Options.Returning = Trouble.Allows;
        }

        Register = new LeaseRegister(Faults);
        Pool = new SqlitePool(plan.Options, timeProvider: plan.ClockJumps ? Clock : null);
        _disturber = new Disturber(this, disk, own);
        _workers = [.. Enumerable.Range(0, plan.Workers).Select(i => new Worker(this, i, new Random((own * 131) + i)))];
    }

    public RoundPlan Plan { get; }

    public string Folder { get; }

    public string Database { get; }

    public SqlitePool Pool { get; }

    public JumpingClock Clock { get; } = new();

    public Ledger Ledger { get; } = new();

    public Faults Faults { get; } = new();

    public Trouble Trouble { get; }

    public LeaseRegister Register { get; }

    /// <summary>How many actions have ended.</summary>
    public long Actions => Interlocked.Read(ref _actions);

    /// <summary>True when no new action is to begin.</summary>
    public bool IsOver => _isOver;

    /// <summary>True once the pool is being closed.</summary>
    public bool IsClosing { get; private set; }

    /// <summary>How many leases were dropped.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public string Summary { get; private set; } = "";

    public void NoteAction() => Interlocked.Increment(ref _actions);

    public void NoteDropped() => Interlocked.Increment(ref _dropped);

    public void NoteRestored() => Interlocked.Increment(ref _restored);

    public Task WithoutOutsider(Action work) => _disturber.WithoutOutsider(work);

    public async Task Run()
    {
        Task disturbing = Task.Run(_disturber.Run);
        Task working = Task.WhenAll(_workers.Select(static worker => Task.Run(worker.Run)));
        await Task.WhenAny(Task.Delay(Plan.Length), working);
        if (Plan.ClosesInTheMiddle && !Faults.Any)
        {
            IsClosing = true;
            Task closing = Pool.DisposeAsync().AsTask();
            _isOver = true;
            await NotStuck(Task.WhenAll(working, disturbing, closing), "the tasks, and the closing");
        }
        else
        {
            _isOver = true;
            await NotStuck(Task.WhenAll(working, disturbing), "the tasks");
        }

        _disk?.Heal();
        Trouble.HookFailures = Trouble.OpenFailures = 0;
        if (!Plan.ClosesInTheMiddle && !Faults.Any)
        {
            await new QuietPool(this).Check();
        }

        IsClosing = true;
        await NotStuck(Pool.DisposeAsync().AsTask(), "the closing");
        await CheckFiles();
        Summary =
            $"{Actions} actions, {Ledger.Begun} writes, {Ledger.Acknowledged} acknowledged, {Dropped} dropped, {_restored} restores";
    }

    /// <summary>What must hold at every moment.</summary>
    public void CheckStatistics()
    {
        SqlitePoolStatistics now = Pool.GetStatistics();
        int capacity = now.PoolSize + now.MaxOverflow;
        Faults.Check(
            now.InUse <= now.Open
                && now.Open + now.Opening <= capacity
                && now.PeakInUse <= capacity
                && now.InUse >= 0
                && now.Opening >= 0
                && now.Waiting >= 0
                && now.Idle >= 0,
            $"out of bounds: {now.InUse} in use, {now.Idle} idle, {now.Opening} opening, {now.Waiting} waiting, capacity {capacity}"
        );
    }

    /// <summary>Waits for something that must end.</summary>
    public async Task NotStuck(Task task, string what)
    {
        string? missing = await Eventually.WhyNot(
            () =>
            {
                if (task.IsCompleted)
                {
                    return null;
                }

                CollectDropped();
                return $"stuck: {what} did not end";
            },
            Stuck,
            TimeSpan.FromSeconds(1),
            until: task
        );
        if (missing is not null)
        {
            Faults.Add($"{missing}. {Describe()}");
            return;
        }

        try
        {
            await task;
        }
        catch (Exception e)
        {
            Faults.Add($"{what}: {e}");
        }
    }

    /// <summary>Has leases that were dropped come back.</summary>
    public static void CollectDropped()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    /// <summary>What is being done, what is out, and how the pool stands.</summary>
    public string Describe()
    {
        IEnumerable<string> running = _workers
            .Select(static worker => worker.Running)
            .Where(static now => now is not null)
            .Select(static now => $"{now!.Value.Action} for {now.Value.Since.TotalSeconds:0.0} s");
        return $"running: {string.Join("; ", running)}. Out: {string.Join("; ", Pool.GetLeases())}. {Pool.GetStatistics()}";
    }

    private async Task CheckFiles()
    {
        // What was dropped last, and opens that were abandoned, are on their way.
        string? missing = await Eventually.WhyNot(
            () =>
            {
                string[] open = OpenDescriptors.Under(Folder);
                if (open.Length == 0)
                {
                    return null;
                }

                CollectDropped();
                return $"still open after the end: {string.Join(", ", open)}";
            },
            Stuck
        );
        Faults.Check(missing is null, missing ?? "");
        if (Trouble is { HadDiskFaults: false, WasReadOnly: false, HadOutsider: false })
        {
            Faults.Check(!File.Exists(Database + "-wal"), "a -wal is left after the end");
        }

        CompareFile("at the end");
    }

    /// <summary>What another connection finds in the file.</summary>
    public void CompareFile(string when)
    {
        try
        {
            using SqliteConnection connection = new($"Data Source={Database};Pooling=False");
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "pragma integrity_check";
            object? integrity = command.ExecuteScalar();
            Faults.Check(integrity is "ok", $"{when}: integrity_check: {integrity}");
            Ledger.Compare(connection, Faults, when);
        }
        catch (SqliteException e)
        {
            Faults.Add($"{when}: {e}");
        }
    }
}
