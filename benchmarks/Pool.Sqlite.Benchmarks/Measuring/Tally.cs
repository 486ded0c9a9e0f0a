namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>What one thread did in one pass.</summary>
internal sealed class Tally
{
    public Histogram Latencies { get; } = new();

    /// <summary>Operations that ended in time.</summary>
    public long Completed { get; set; }

    /// <summary>Operations that ended, in time or not: what the allocated bytes are divided by.</summary>
    public long Attempted { get; set; }

    public long Errors { get; private set; }

    public string? FirstError { get; private set; }

    public void Fail(Exception error)
    {
        Errors++;
        FirstError ??= error.GetType().Name + ": " + error.Message;
    }
}
