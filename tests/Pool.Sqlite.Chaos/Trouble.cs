using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Chaos;

/// <summary>
/// What is made to go wrong at this moment, and has been in this round: by it an exception is expected or not.
/// </summary>
internal sealed class Trouble(int seed)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);

    /// <summary>Of 1,000 calls of a hook, how many throw or refuse.</summary>
    public int HookFailures { get; set; }

    /// <summary>Of 1,000 opens, how many fail.</summary>
    public int OpenFailures { get; set; }

    /// <summary>Set once another connection has taken the lock.</summary>
    public bool HadOutsider { get; set; }

    /// <summary>Set once the disk was made to fail.</summary>
    public bool HadDiskFaults { get; set; }

    /// <summary>Set once the file was read-only.</summary>
    public bool WasReadOnly { get; set; }

    /// <summary>Set once the clock was moved.</summary>
    public bool ClockJumped { get; set; }

    public bool Happens(int of1000)
    {
        lock (_lock)
        {
            return _random.Next(1000) < of1000;
        }
    }

    public void OnOpened(SqliteConnection connection)
    {
        if (!Happens(OpenFailures))
        {
            return;
        }

        throw Pick(4) switch
        {
            0 => new ChaosException(),
            1 => new SqliteException("Thrown on purpose.", raw.SQLITE_CANTOPEN),
            _ => new SqliteException("Thrown on purpose.", raw.SQLITE_IOERR),
        };
    }

    public bool Allows(SqliteConnection connection) =>
        !Happens(HookFailures) || (Pick(2) == 0 ? false : throw new ChaosException());

    /// <summary>True when the engine's error is one of what was made to go wrong.</summary>
    public bool Explains(SqliteException error) =>
        error.SqliteErrorCode switch
        {
            raw.SQLITE_BUSY => HadOutsider || error.SqliteExtendedErrorCode == raw.SQLITE_BUSY_SNAPSHOT,
            raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN => OpenFailures > 0 || HadDiskFaults,
            raw.SQLITE_FULL or raw.SQLITE_PROTOCOL or raw.SQLITE_NOMEM => HadDiskFaults,
            raw.SQLITE_READONLY => WasReadOnly || HadDiskFaults,
            _ => false,
        };

    private int Pick(int count)
    {
        lock (_lock)
        {
            return _random.Next(count);
        }
    }
}
