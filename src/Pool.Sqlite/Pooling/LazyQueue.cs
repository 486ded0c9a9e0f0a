using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Pool.Sqlite.Pooling;

/// <summary>
/// A concurrent queue that takes its memory, a kilobyte, with the first item: many pools never have one.
/// </summary>
internal sealed class LazyQueue<T>
{
    private ConcurrentQueue<T>? _queue;

    public int Count => Volatile.Read(ref _queue)?.Count ?? 0;

    public void Enqueue(T item)
    {
        ConcurrentQueue<T> queue =
            Volatile.Read(ref _queue)
            ?? Interlocked.CompareExchange(ref _queue, new ConcurrentQueue<T>(), null)
            ?? _queue!;
        queue.Enqueue(item);
    }

    public bool TryDequeue([MaybeNullWhen(false)] out T item)
    {
        item = default;
        return Volatile.Read(ref _queue)?.TryDequeue(out item) == true;
    }
}
