using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// The PRAGMAs of one connection: applied and read back when it is opened, put right after each lease.
/// </summary>
internal sealed class SessionPragmas(
    sqlite3 handle,
    ConnectionWrites writes,
    StatementAuthorizer authorizer,
    IReadOnlyList<Pragma> pragmas,
    OpeningWait wait
)
{
    private IReadOnlyList<Pragma> _pragmas = [.. pragmas.Where(static pragma => !pragma.FixesFormat)];
    private bool _isOpen;

    /// <summary>True where SQLite does not sync each commit. A hook may have set synchronous as it wants it.</summary>
    public bool LeavesCommitsUnsynced => _pragmas.Any(static each => each is { Name: Pragma.Synchronous, Value: "1" });

    /// <exception cref="SqliteException">It was refused, or did not take.</exception>
    public void Apply(Pragma pragma)
    {
        if (pragma.FixesFormat)
        {
            if (pragma.IsEncoding || NativeSql.Scalar(handle, "PRAGMA page_count") == "0")
            {
                NativeSql.Scalar(handle, pragma.Set);
            }

            CompareFormat(pragma);
            return;
        }

        string? actual = pragma.Name == Pragma.JournalMode ? SetJournalMode(pragma) : Set(pragma);
        bool unsupported = actual is null && pragma.Name == "mmap_size";
        if (pragma.CanBeRead && !unsupported && !pragma.IsReadAs(actual))
        {
            throw new SqliteException(
                actual is null
                    ? $"PRAGMA {pragma.Name} is not known to this SQLite ({raw.sqlite3_libversion().utf8_to_string()})."
                    : $"PRAGMA {pragma.Name} was set to {pragma.Value} but reads back as {actual}.",
                raw.SQLITE_ERROR
            );
        }
    }

    /// <summary>What the hook has set stays, so that is what a lease's changes are put right to.</summary>
    public void KeepAsTheHookLeftThem() =>
        _pragmas = [
            .. _pragmas.Select(pragma =>
                NativeSql.Scalar(handle, pragma.Get) is { } value
                    ? pragma with
                    {
                        Value = value,
                        ReadsBack = value,
                    }
                    : pragma
            ),
        ];

    /// <summary>SQLite waits by itself while the connection is being opened, and never afterwards.</summary>
    public void LimitNativeWait() => _ = raw.sqlite3_busy_timeout(handle, NativeWaitMilliseconds);

    /// <summary>
    /// From here on the pool does the waiting for the locks of others: see <see cref="StatementAuthorizer"/>.
    /// </summary>
    public void TakeOverWaiting()
    {
        foreach (Pragma pragma in _pragmas)
        {
            if (
                pragma.Name == "busy_timeout"
                && int.TryParse(pragma.Value, CultureInfo.InvariantCulture, out int milliseconds)
            )
            {
                authorizer.BusyTimeoutMilliseconds = milliseconds;
            }
        }

        _ = raw.sqlite3_busy_timeout(handle, 0);
    }

    /// <summary>The connection is set up: the values that it has now are those that are put back.</summary>
    public void Remember()
    {
        IEnumerable<Pragma> others = Pragma
            .Restorable.Select(name => new Pragma(name, NativeSql.Scalar(handle, $"PRAGMA {name}") ?? "", ""))
            .Where(static pragma => pragma.Value.Length > 0)
            .Select(static pragma => pragma with { ReadsBack = pragma.Value });
        authorizer.Know(_pragmas.Concat(others));
        _isOpen = true;
    }

    /// <summary>Puts back those that a lease has given a value.</summary>
    /// <exception cref="SqliteException">One of them cannot be put back.</exception>
    public void Restore()
    {
        foreach (Pragma pragma in authorizer.Touched)
        {
            if (!pragma.CanBeRead || !pragma.IsReadAs(NativeSql.Scalar(handle, pragma.Get)))
            {
                Apply(pragma);
            }
        }

        authorizer.Forget();
        TakeOverWaiting();
    }

    private int NativeWaitMilliseconds => _isOpen ? 0 : wait.Milliseconds(authorizer.BusyTimeoutMilliseconds);

    private void CompareFormat(Pragma pragma)
    {
        if (NativeSql.Scalar(handle, pragma.Get) is { } actual && !pragma.IsReadAs(actual))
        {
            throw new SqliteException(
                $"The database has {pragma.Name}={actual}, and Pragmas.Additional asks for {pragma.Value}. It is fixed when the "
                    + $"file is made: leave it out, or change the file once with \"{pragma.Set}; VACUUM\" in rollback-journal mode.",
                raw.SQLITE_ERROR
            );
        }
    }

    private string? Set(Pragma pragma)
    {
        NativeSql.Scalar(handle, pragma.Set);
        return NativeSql.Scalar(handle, pragma.Get);
    }

    // It belongs to the file, and changing it needs the file for itself for a moment. So one connection of this process
    // does it, asking again as long as another process is in the way; the others find it changed.
    private string? SetJournalMode(Pragma pragma)
    {
        if (
            string.Equals(writes.Gate.JournalMode, pragma.Value, StringComparison.OrdinalIgnoreCase)
            && NativeSql.Scalar(handle, pragma.Get) is { } known
            && pragma.IsReadAs(known)
        )
        {
            return known;
        }

        bool enter = !writes.HoldsGate;
        if (enter)
        {
            EnterGateBlocking();
        }

        try
        {
            string? actual = SetJournalModeInGate(pragma);
            writes.Gate.JournalMode = pragma.Value;
            return actual;
        }
        finally
        {
            if (enter)
            {
                writes.Gate.Exit();
            }
        }
    }

    private void EnterGateBlocking()
    {
        if (_isOpen)
        {
            // A return does not wait: the connection is closed instead.
            _ = writes.Gate.TryEnter()
                ? 0
                : throw new SqliteException("The journal mode could not be put right at once.", raw.SQLITE_BUSY);
            return;
        }

        if (!writes.Gate.Enter(async: false, wait.Remaining, wait.Token).AsTask().GetAwaiter().GetResult())
        {
            throw new SqliteException("The write gate of the database was not free in time.", raw.SQLITE_BUSY);
        }
    }

    private string? SetJournalModeInGate(Pragma pragma)
    {
        Deadline deadline = new(TimeProvider.System, TimeSpan.FromMilliseconds(NativeWaitMilliseconds));
        _ = raw.sqlite3_busy_timeout(handle, 0);
        try
        {
            return LockPolling.Run(Set, deadline, wait.Token);
        }
        finally
        {
            LimitNativeWait();
        }

        string? Set()
        {
            string? actual = NativeSql.Scalar(handle, pragma.Get);
            actual = pragma.IsReadAs(actual) ? actual : NativeSql.Scalar(handle, pragma.Set);

            // The first read makes the index of the WAL, and is in the way of another first read.
            NativeSql.Scalar(handle, "PRAGMA schema_version");
            return actual;
        }
    }
}
