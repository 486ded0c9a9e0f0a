using System.Collections.Concurrent;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>A floor: the least machinery that bounds and keeps idle objects, with nothing around it.</summary>
internal sealed class PermitFloor(int size)
{
    private readonly SemaphoreSlim _permits = new(size);
    private readonly ConcurrentQueue<object> _idle = new(Enumerable.Range(0, size).Select(_ => new object()));

    public Action<int> CreateWorker(int number) => Run;

    private void Run(int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (!_permits.Wait(0) || !_idle.TryDequeue(out object? item))
            {
                throw new InvalidOperationException("More threads than the permits of the yardstick.");
            }

            _idle.Enqueue(item);
            _permits.Release();
        }
    }
}
