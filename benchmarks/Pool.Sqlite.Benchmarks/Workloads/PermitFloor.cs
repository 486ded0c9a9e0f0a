using System.Collections.Concurrent;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>The yardstick U: the least machinery that bounds and keeps idle objects, with nothing around it.</summary>
internal sealed class PermitFloor : IDisposable
{
    private const int Size = 10;

    private readonly SemaphoreSlim _permits = new(Size);
    private readonly ConcurrentQueue<object> _idle = new(Enumerable.Range(0, Size).Select(_ => new object()));

    public Worker CreateWorker() => new Loop(this);

    public void Dispose() => _permits.Dispose();

    private sealed class Loop(PermitFloor floor) : Worker
    {
        public override void Run(int count)
        {
            var permits = floor._permits;
            var idle = floor._idle;
            for (var i = 0; i < count; i++)
            {
                if (permits.Wait(0) && idle.TryDequeue(out var item))
                {
                    idle.Enqueue(item);
                    permits.Release();
                }
                else
                {
                    throw new InvalidOperationException("More threads than the permits of the yardstick.");
                }
            }
        }
    }
}
