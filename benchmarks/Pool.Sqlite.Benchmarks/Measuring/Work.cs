namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>What one contestant does in one case; it keeps its connections from pass to pass.</summary>
internal abstract class Work : IDisposable
{
    /// <summary>Compiles the code and opens the connections.</summary>
    public abstract void WarmUp(Effort effort, CancellationToken stop);

    public abstract Sample Run(Effort effort, CancellationToken stop);

    /// <summary>Ends the work, and says what is wrong with what it left; null when nothing is.</summary>
    public virtual string? Finish()
    {
        Dispose();
        return null;
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    // What the contestant before left behind is not to be collected at the expense of the next.
    protected static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
