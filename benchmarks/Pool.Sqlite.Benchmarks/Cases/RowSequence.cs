namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>Rows to visit, in a shuffled order that depends on the seed alone: every contender visits the
/// same.</summary>
internal struct RowSequence(int seed, int rows)
{
    private ulong _state = ((ulong)seed + 1) * 0x9E3779B97F4A7C15;

    /// <summary>A row that exists, at least <paramref name="margin"/> rows before the last.</summary>
    public long Next(int margin = 0)
    {
        // xorshift: no allocation, no lock, nothing shared between threads.
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (long)(_state % (ulong)(rows - margin)) + 1;
    }
}
