using SQLitePCL;

namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>Statements that failed for a reason that lies in the database or its disk, not in the statement.</summary>
internal sealed class StatementFailures(TimeProvider time)
{
    // A count in a health report needs no more, and a disk that stays full must not fill the memory as well.
    private const int MostKept = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Queue<long>> _timestamps = [];

    /// <summary>Counts a failure, if it is one of that kind.</summary>
    /// <param name="errorCode">SQLite's result code, extended or not.</param>
    public void Record(int errorCode)
    {
        int kind = errorCode & 0xff;
        if (Meaning(kind) is null)
        {
            return;
        }

        long now = time.GetTimestamp();
        lock (_lock)
        {
            if (!_timestamps.TryGetValue(kind, out Queue<long>? kept))
            {
                _timestamps.Add(kind, kept = new Queue<long>());
            }

            kept.Enqueue(now);
            if (kept.Count > MostKept)
            {
                kept.Dequeue();
            }
        }
    }

    /// <summary>Those of the last time, by kind.</summary>
    public IReadOnlyList<StatementFailure> Since(TimeSpan ago)
    {
        long now = time.GetTimestamp();
        lock (_lock)
        {
            return
            [
                .. _timestamps
                    .Select(kind => new StatementFailure(
                        Meaning(kind.Key)!,
                        kind.Value.Count(at => time.GetElapsedTime(at, now) <= ago)
                    ))
                    .Where(static failure => failure.Count > 0),
            ];
        }
    }

    private static string? Meaning(int kind) =>
        kind switch
        {
            raw.SQLITE_FULL => "the disk, or the database, is full",
            raw.SQLITE_IOERR => "the file could not be read or written (I/O error)",
            raw.SQLITE_CORRUPT => "the database is damaged",
            raw.SQLITE_NOTADB => "the file is not a database",
            raw.SQLITE_READONLY => "the database cannot be written to (read-only)",
            raw.SQLITE_CANTOPEN => "a file of the database could not be opened",
            _ => null,
        };
}
