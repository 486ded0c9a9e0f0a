using Pool.Sqlite.Benchmarks.Contenders;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>A pool and the timer that writes to it, ended in this order: first the timer, with what it is
/// doing.</summary>
internal sealed class WrittenPool(ThisPool pool, Timer timer) : IDisposable
{
    public void Dispose()
    {
        using (ManualResetEvent ended = new(false))
        {
            if (timer.Dispose(ended))
            {
                ended.WaitOne();
            }
        }

        pool.Dispose();
    }
}
