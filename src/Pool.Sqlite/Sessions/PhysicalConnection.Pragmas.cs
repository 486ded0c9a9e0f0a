using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <content>Its PRAGMAs.</content>
internal sealed partial class PhysicalConnection
{
    private bool _isOpen;

    private void Apply(Pragma pragma)
    {
        if (pragma.FixesFormat)
        {
            if (pragma.IsEncoding || NativeSql.Scalar(Handle, "PRAGMA page_count") == "0")
            {
                NativeSql.Scalar(Handle, pragma.Set);
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
                raw.SQLITE_ERROR);
        }
    }

    private void CompareFormat(Pragma pragma)
    {
        if (NativeSql.Scalar(Handle, pragma.Get) is { } actual && !pragma.IsReadAs(actual))
        {
            throw new SqliteException(
                $"The database has {pragma.Name}={actual}, and Pragmas.Additional asks for {pragma.Value}. It is fixed when the file is "
                + $"made: leave it out, or change the file once with \"{pragma.Set}; VACUUM\" in rollback-journal mode.",
                raw.SQLITE_ERROR);
        }
    }

    // What the hook has set stays, so that is what a lease's changes are put right to.
    private void KeepAsTheHookLeftThem() => _pragmas =
        [.. _pragmas.Select(pragma => NativeSql.Scalar(Handle, pragma.Get) is { } value ? pragma with { Value = value, ReadsBack = value } : pragma)];

    // SQLite waits by itself while the connection is being opened, and never afterwards.
    private int NativeWaitMilliseconds => _isOpen ? 0
        : _openDeadline.Timeout == Timeout.InfiniteTimeSpan ? BusyTimeoutMilliseconds
        : (int)Math.Min(BusyTimeoutMilliseconds, Math.Ceiling(_openDeadline.Remaining.TotalMilliseconds));

    private void LimitNativeWait() => _ = raw.sqlite3_busy_timeout(Handle, NativeWaitMilliseconds);

    /// <summary>From here on the pool does the waiting for the locks of others: see <see cref="StatementAuthorizer"/>.</summary>
    private void TakeOverWaiting()
    {
        foreach (Pragma pragma in _pragmas)
        {
            if (pragma.Name == "busy_timeout" && int.TryParse(pragma.Value, CultureInfo.InvariantCulture, out int milliseconds))
            {
                _authorizer.BusyTimeoutMilliseconds = milliseconds;
            }
        }

        _ = raw.sqlite3_busy_timeout(Handle, 0);
    }

    private void RememberPragmas()
    {
        IEnumerable<Pragma> others = Pragma.Restorable
            .Select(name => new Pragma(name, NativeSql.Scalar(Handle, $"PRAGMA {name}") ?? "", ""))
            .Where(static pragma => pragma.Value.Length > 0)
            .Select(static pragma => pragma with { ReadsBack = pragma.Value });
        _authorizer.Know(_pragmas.Concat(others));
        _isOpen = true;
    }

    private string? Set(Pragma pragma)
    {
        NativeSql.Scalar(Handle, pragma.Set);
        return NativeSql.Scalar(Handle, pragma.Get);
    }

    // It belongs to the file, and changing it needs the file for itself for a moment. So one connection of this process
    // does it, asking again as long as another process is in the way; the others find it changed.
    private string? SetJournalMode(Pragma pragma)
    {
        if (string.Equals(Gate.JournalMode, pragma.Value, StringComparison.OrdinalIgnoreCase) && NativeSql.Scalar(Handle, pragma.Get) is { } known && pragma.IsReadAs(known))
        {
            return known;
        }

        bool enter = !HoldsGate;
        if (enter)
        {
            EnterGateBlocking();
        }

        try
        {
            string? actual = SetJournalModeInGate(pragma);
            Gate.JournalMode = pragma.Value;
            return actual;
        }
        finally
        {
            if (enter)
            {
                Gate.Exit();
            }
        }
    }

    private void EnterGateBlocking()
    {
        if (_isOpen)
        {
            // A return does not wait: the connection is closed instead.
            _ = Gate.TryEnter() ? 0 : throw new SqliteException("The journal mode could not be put right at once.", raw.SQLITE_BUSY);
            return;
        }

        if (!Gate.Enter(async: false, _openDeadline.Remaining, _openToken).AsTask().GetAwaiter().GetResult())
        {
            throw new SqliteException("The write gate of the database was not free in time.", raw.SQLITE_BUSY);
        }
    }

    private string? SetJournalModeInGate(Pragma pragma)
    {
        Deadline deadline = new(TimeProvider.System, TimeSpan.FromMilliseconds(NativeWaitMilliseconds));
        _ = raw.sqlite3_busy_timeout(Handle, 0);
        try
        {
            for (; ; )
            {
                try
                {
                    string? actual = NativeSql.Scalar(Handle, pragma.Get);
                    actual = pragma.IsReadAs(actual) ? actual : NativeSql.Scalar(Handle, pragma.Set);

                    // The first read makes the index of the WAL, and is in the way of another first read.
                    NativeSql.Scalar(Handle, "PRAGMA schema_version");
                    return actual;
                }
                catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_BUSY && deadline.Allows(TimeSpan.Zero))
                {
                    _openToken.ThrowIfCancellationRequested();
                    Thread.Sleep(1);
                }
            }
        }
        finally
        {
            LimitNativeWait();
        }
    }

    /// <summary>Refreshes what the query planner knows; before SQLite 3.46 it needs a limit to be quick.</summary>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    public void Optimize()
    {
        SessionChanges before = _authorizer.Changes;
        string limit = NativeSql.Scalar(Handle, "PRAGMA analysis_limit") ?? "0";
        NativeSql.Scalar(Handle, "PRAGMA analysis_limit=400");
        try
        {
            NativeSql.Scalar(Handle, "PRAGMA optimize");
        }
        finally
        {
            NativeSql.Try(Handle, $"PRAGMA analysis_limit={limit}");
            if (before == SessionChanges.None)
            {
                _authorizer.Forget();
            }
        }
    }

    /// <summary>Moves what the WAL holds into the database file, without SQLite's own waiting.</summary>
    /// <exception cref="SqliteException">SQLite refuses, for another reason than that somebody is in the way.</exception>
    public CheckpointResult Checkpoint(CheckpointMode mode)
    {
        _ = raw.sqlite3_busy_timeout(Handle, 0);
        try
        {
            int result = raw.sqlite3_wal_checkpoint_v2(Handle, "main", (int)mode, out int frames, out int moved);
            if (result is not (raw.SQLITE_OK or raw.SQLITE_BUSY or raw.SQLITE_LOCKED))
            {
                SqliteException.ThrowExceptionForRC(result, Handle);
            }

            // Minus one where there is no WAL.
            return new CheckpointResult(result == raw.SQLITE_OK, Math.Max(0, frames), Math.Max(0, moved));
        }
        finally
        {
            LimitNativeWait();
        }
    }

    // As SQLite advises before the last connection closes; a database that cannot be written needs neither.
    private static void Finish(sqlite3 handle)
    {
        NativeSql.Try(handle, "PRAGMA busy_timeout=0");
        NativeSql.Try(handle, "PRAGMA analysis_limit=400");
        NativeSql.Try(handle, "PRAGMA optimize");
        NativeSql.Try(handle, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
}
