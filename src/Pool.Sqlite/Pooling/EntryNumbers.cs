namespace Pool.Sqlite.Pooling;

/// <summary>Numbers entries from 1. Pools of one database share it, so that a number means one connection.</summary>
internal sealed class EntryNumbers
{
    private int _last;

    public int Next() => Interlocked.Increment(ref _last);
}
