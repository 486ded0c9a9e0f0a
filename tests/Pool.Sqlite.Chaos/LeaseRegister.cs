using System.Collections.Concurrent;

namespace Pool.Sqlite.Chaos;

/// <summary>Who holds which connection at this moment: no native handle may have two holders.</summary>
internal sealed class LeaseRegister(Faults faults)
{
    private readonly ConcurrentDictionary<long, string> _numbers = new();
    private readonly ConcurrentDictionary<object, string> _handles = new(ReferenceEqualityComparer.Instance);
    private long _total;

    /// <summary>How many leases were registered in all.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>How many are held.</summary>
    public int Held => _numbers.Count;

    /// <param name="lease">The lease, just rented.</param>
    /// <param name="holder">The action.</param>
    /// <param name="looksBehind">True to compare native handles too, which changes how the connection is reset.</param>
    public Entry Add(SqlitePoolConnection lease, string holder, bool looksBehind)
    {
        Interlocked.Increment(ref _total);
        long number = lease.LeaseId >> 32;
        object? handle = looksBehind ? lease.SqliteConnection.Handle : null;
        if (!_numbers.TryAdd(number, holder))
        {
            faults.Add($"{holder} was lent the connection {number} that {_numbers.GetValueOrDefault(number)} has");
        }

        if (handle is not null && !_handles.TryAdd(handle, holder))
        {
            faults.Add($"{holder} was lent a native handle that {_handles.GetValueOrDefault(handle)} has");
        }

        return new Entry(this, number, handle);
    }

    /// <summary>To be disposed before the lease is.</summary>
    internal readonly struct Entry(LeaseRegister register, long number, object? handle) : IDisposable
    {
        public void Dispose()
        {
            if (register is null)
            {
                return;
            }

            register._numbers.TryRemove(number, out _);
            if (handle is not null)
            {
                register._handles.TryRemove(handle, out _);
            }
        }
    }
}
