using System.Numerics;

namespace Pool.Sqlite.Pooling;

/// <summary>
/// One place per core for an item that just came back and kept its permit: taking it is one interlocked exchange.
/// </summary>
internal sealed class PerCoreSlots<T>
    where T : class
{
    // 16 references are 128 bytes: two cache lines, as the hardware prefetches them in pairs.
    private const int Stride = 16;

    private readonly int _mask;

    // From the first item on: many pools never have one.
    private Cell[]? _cells;

    public PerCoreSlots(int wanted)
    {
        int count = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, wanted));
        _mask = count - 1;
    }

    public T? TryTake()
    {
        if (_cells is not { } cells)
        {
            return null;
        }

        int home = Home;
        ref T? cell = ref cells[home].Item;
        return cell is not null && Interlocked.Exchange(ref cell, null) is { } item
            ? item
            : TryTakeElsewhere(cells, home);
    }

    public bool TryPut(T item)
    {
        ref T? cell = ref (_cells ?? MakeCells())[Home].Item;
        return cell is null && Interlocked.CompareExchange(ref cell, item, null) is null;
    }

    /// <summary>Takes out this very item, if it still lies in a slot.</summary>
    public bool TryRemove(T item)
    {
        Cell[] cells = _cells ?? [];
        for (int i = 0; i < cells.Length; i += Stride)
        {
            ref T? cell = ref cells[i].Item;
            if (
                ReferenceEquals(Volatile.Read(ref cell), item)
                && ReferenceEquals(Interlocked.CompareExchange(ref cell, null, item), item)
            )
            {
                return true;
            }
        }

        return false;
    }

    private int Home => (Thread.GetCurrentProcessorId() & _mask) * Stride;

    private Cell[] MakeCells()
    {
        Cell[] fresh = new Cell[(_mask + 1) * Stride];
        return Interlocked.CompareExchange(ref _cells, fresh, null) ?? fresh;
    }

    private static T? TryTakeElsewhere(Cell[] cells, int home)
    {
        for (int i = 0; i < cells.Length; i += Stride)
        {
            ref T? cell = ref cells[i].Item;
            if (i != home && Volatile.Read(ref cell) is not null && Interlocked.Exchange(ref cell, null) is { } item)
            {
                return item;
            }
        }

        return null;
    }

    // A struct around the reference spares the covariance check of an array of references.
    private struct Cell
    {
        public T? Item;
    }
}
