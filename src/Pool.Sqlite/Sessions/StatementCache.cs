namespace Pool.Sqlite.Sessions;

/// <summary>
/// The prepared texts of one connection, by their text; the least recently used goes first. Used by who holds the
/// connection, so without a lock.
/// </summary>
/// <param name="capacity">How many texts are kept at the most.</param>
internal sealed class StatementCache(int capacity)
{
    // Texts and statements together. A few large ones must not take what a thousand ordinary ones would.
    private const long MostBytes = 16 << 20;

    private readonly Dictionary<string, PreparedText> _texts = new(StringComparer.Ordinal);
    private PreparedText? _newest;
    private PreparedText? _oldest;
    private long _bytes;

    /// <summary>How often the text of a command was there already; written by the holder of the connection.</summary>
    public long Hits { get; private set; }

    public long Misses { get; private set; }

    /// <summary>Hands over what was counted, and begins anew.</summary>
    public (long Hits, long Misses) TakeCounts()
    {
        (long, long) counts = (Hits, Misses);
        Hits = Misses = 0;
        return counts;
    }

    /// <summary>What is prepared of a text, for one user until <see cref="PutBack"/>.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="isCommand">
    /// False for the pool's own (BEGIN, SAVEPOINT, …), which would hide how the commands do.
    /// </param>
    public PreparedText Take(string sql, bool isCommand = true)
    {
        if (_texts.TryGetValue(sql, out PreparedText? text) && !text.IsInUse)
        {
            Hits += isCommand ? 1 : 0;
            text.IsInUse = true;
            return text;
        }

        Misses += isCommand ? 1 : 0;
        return new PreparedText(sql) { IsInUse = true };
    }

    public void PutBack(PreparedText text)
    {
        text.IsInUse = false;
        if (text.IsCached)
        {
            if (!ReferenceEquals(text, _newest))
            {
                Unlink(text);
                LinkFirst(text);
            }
        }
        else if (!TryKeep(text))
        {
            text.Dispose();
        }
    }

    // Of a text that was in use twice at once one is enough.
    private bool TryKeep(PreparedText text)
    {
        if (
            !text.IsWorthKeeping
            || !text.IsComplete
            || text.Count == 0
            || capacity == 0
            || _texts.ContainsKey(text.Sql)
        )
        {
            return false;
        }

        text.Measure();
        if (text.Bytes > MostBytes / 4)
        {
            return false;
        }

        _texts.Add(text.Sql, text);
        text.IsCached = true;
        LinkFirst(text);
        _bytes += text.Bytes;
        while ((_texts.Count > capacity || _bytes > MostBytes) && TryEvictOldestIdle()) { }

        return true;
    }

    /// <summary>Finalises everything, also what is in use.</summary>
    public void Clear()
    {
        foreach (PreparedText text in _texts.Values)
        {
            text.IsCached = false;
            text.IsWorthKeeping = false;
            text.Previous = text.Next = null;
            text.Dispose();
        }

        _texts.Clear();
        _bytes = 0;
        _newest = _oldest = null;
    }

    private bool TryEvictOldestIdle()
    {
        PreparedText? victim = _oldest;
        while (victim is { IsInUse: true })
        {
            victim = victim.Previous;
        }

        if (victim is not null)
        {
            Remove(victim);
            victim.Dispose();
        }

        return victim is not null;
    }

    private void Remove(PreparedText text)
    {
        text.IsCached = false;
        _texts.Remove(text.Sql);
        _bytes -= text.Bytes;
        Unlink(text);
    }

    private void LinkFirst(PreparedText text)
    {
        text.Next = _newest;
        _ = _newest is null ? _oldest = text : _newest.Previous = text;
        _newest = text;
    }

    private void Unlink(PreparedText text)
    {
        _ = text.Previous is null ? _newest = text.Next : text.Previous.Next = text.Next;
        _ = text.Next is null ? _oldest = text.Previous : text.Next.Previous = text.Previous;
        text.Previous = text.Next = null;
    }
}
