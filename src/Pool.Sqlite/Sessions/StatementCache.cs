using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// The prepared statements of one connection, by their text; the least recently used goes first. Used by who holds the
/// connection, so without a lock.
/// </summary>
internal sealed class StatementCache(SqliteConnection connection, StatementAuthorizer watch, int capacity)
{
    private readonly Dictionary<string, Statement> _statements = new(StringComparer.Ordinal);
    private Statement? _newest;
    private Statement? _oldest;

    /// <summary>How often the statement of a command was there already; written by the holder of the connection.</summary>
    public long Hits { get; private set; }

    public long Misses { get; private set; }

    /// <summary>Hands over what was counted, and begins anew.</summary>
    public (long Hits, long Misses) TakeCounts()
    {
        (long, long) counts = (Hits, Misses);
        Hits = Misses = 0;
        return counts;
    }

    /// <summary>The statement for a text, for one user until <see cref="PutBack"/>.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="isCommand">False for the pool's own (BEGIN, SAVEPOINT, …), which would hide how the commands do.</param>
    /// <exception cref="SqliteException">SQLite cannot prepare it.</exception>
    public Statement Take(string sql, bool isCommand = true)
    {
        if (_statements.TryGetValue(sql, out Statement? statement) && !statement.IsInUse)
        {
            Hits += isCommand ? 1 : 0;
            statement.IsInUse = true;
            return statement;
        }

        Misses += isCommand ? 1 : 0;
        statement = Statement.Prepare(connection, watch, sql);
        statement.IsInUse = true;
        return statement;
    }

    public void PutBack(Statement statement)
    {
        statement.IsInUse = false;
        if (!statement.IsWorthKeeping || capacity == 0)
        {
            Remove(statement);
            statement.Dispose();
        }
        else if (statement.IsCached)
        {
            if (!ReferenceEquals(statement, _newest))
            {
                Unlink(statement);
                LinkFirst(statement);
            }
        }
        else if (_statements.TryAdd(statement.Sql, statement))
        {
            statement.IsCached = true;
            LinkFirst(statement);
            if (_statements.Count > capacity)
            {
                EvictOldestIdle();
            }
        }
        else
        {
            // The same text was in use twice at once: one of the two is enough.
            statement.Dispose();
        }
    }

    /// <summary>Finalises everything, also what is in use.</summary>
    public void Clear()
    {
        foreach (Statement statement in _statements.Values)
        {
            statement.IsCached = false;
            statement.IsWorthKeeping = false;
            statement.Previous = statement.Next = null;
            statement.Dispose();
        }

        _statements.Clear();
        _newest = _oldest = null;
    }

    private void EvictOldestIdle()
    {
        Statement? victim = _oldest;
        while (victim is { IsInUse: true })
        {
            victim = victim.Previous;
        }

        if (victim is not null)
        {
            Remove(victim);
            victim.Dispose();
        }
    }

    private void Remove(Statement statement)
    {
        if (statement.IsCached)
        {
            statement.IsCached = false;
            _statements.Remove(statement.Sql);
            Unlink(statement);
        }
    }

    private void LinkFirst(Statement statement)
    {
        statement.Next = _newest;
        _ = _newest is null ? _oldest = statement : _newest.Previous = statement;
        _newest = statement;
    }

    private void Unlink(Statement statement)
    {
        _ = statement.Previous is null ? _newest = statement.Next : statement.Previous.Next = statement.Next;
        _ = statement.Next is null ? _oldest = statement.Previous : statement.Next.Previous = statement.Previous;
        statement.Previous = statement.Next = null;
    }
}
