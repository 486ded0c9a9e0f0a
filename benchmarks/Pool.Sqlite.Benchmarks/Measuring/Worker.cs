namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>The work of one thread. Made before the clock starts and used by that thread only.</summary>
internal abstract class Worker : IDisposable
{
    /// <summary>Does the operation <paramref name="count"/> times.</summary>
    public abstract void Run(int count);

    public virtual void Dispose()
    {
    }
}
