using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <content>Making it as it was, after a lease.</content>
internal sealed partial class PhysicalConnection
{
    // sqlite3.h, from 3.51 on: SQLITE_CHECKPOINT_NOOP.
    private const int CheckpointNoOperation = -1;

    /// <summary>The driver's own object: from here on the lease can do what no statement shows.</summary>
    public SqliteConnection Expose()
    {
        if (!_isExposed && !IsClosedByCaller)
        {
            IsTouched = _isExposed = true;
            HoldHandle();
            _exposure ??= new Exposure(Driver);
            _exposure.Begin();
            if (_group is not null && !IsInTransaction)
            {
                // What is committed through the driver's object is not seen here: SQLite is to sync it.
                NativeSql.Try(Handle, "PRAGMA synchronous=FULL");
            }
        }

        return Driver;
    }

    /// <summary>Has something registered on the connection that stays with it: once for each key.</summary>
    public void SetUpOnce(object key, Action<SqliteConnection> setUp)
    {
        if (_setUps?.Contains(key) == true)
        {
            return;
        }

        UserCallback.Run(setUp, Driver);

        // An exposed connection is given up anyway after this; otherwise what is there now is what it is compared with.
        if (!_isExposed)
        {
            (_setUps ??= []).Add(key);
            _exposure?.Dispose();
            _exposure = null;
        }
    }

    /// <summary>
    /// Makes the connection as it was when it was opened, judging by what SQLite says it is now. Never throws.
    /// </summary>
    /// <returns>What became of it.</returns>
    public SessionResetResult Clean()
    {
        if (!IsTouched)
        {
            return SessionResetResult.Clean;
        }

        try
        {
            return CleanTouched();
        }
#pragma warning disable CA1031 // Whatever goes wrong here, the answer is the same: it is not certain, so not used again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new SessionResetResult(false, false, e.Message);
        }
    }

    private SessionResetResult CleanTouched()
    {
        Stop.Forget();
        if (IsClosedByCaller)
        {
            // Their statements keep the file open, and the readers are to know that they are closed.
            CloseReaders();
            return new SessionResetResult(false, false, "the caller's code has closed the driver's connection");
        }

        Blobs.CloseAll();
        bool rolledBack = EndTransaction();
        CloseReaders();
        ForgetWrites();
        _ = TakeCommit();
        ReleaseGate();
        if (_isExposed && _group is not null)
        {
            // Committed through the driver's object in a transaction in which that was obtained.
            NoteCommit();
            TakeCommit().Wait(async: false).AsTask().GetAwaiter().GetResult();
        }

        if (_isExposed)
        {
            _isExposed = false;
            if (HasBusyStatement())
            {
                return new SessionResetResult(false, rolledBack, "a statement that does not belong to a command is still running");
            }

            if (!_exposure!.TryEnd() && !_isTheDatabase)
            {
                return new SessionResetResult(false, rolledBack, "functions or collations were registered");
            }
        }

        SessionChanges changes = _authorizer.Changes;
        if ((changes & ~SessionChanges.OwnPragma) != 0 && !_isTheDatabase)
        {
            return new SessionResetResult(false, rolledBack, $"the session was changed: {changes}");
        }

        if (changes != 0)
        {
            foreach (Pragma pragma in _authorizer.Touched)
            {
                if (!pragma.CanBeRead || !pragma.IsReadAs(NativeSql.Scalar(Handle, pragma.Get)))
                {
                    Apply(pragma);
                }
            }

            _authorizer.Forget();
            TakeOverWaiting();
        }

        IsTouched = false;
        return new SessionResetResult(true, rolledBack, null);
    }

    private bool EndTransaction()
    {
        bool snapshot = _inSnapshot;
        bool open = IsInTransaction;
        _inSnapshot = false;
        if (_isExposed)
        {
            EndDriverTransaction();
        }

        if (IsInTransaction)
        {
            Step("ROLLBACK");
        }

        _seenInTransaction = false;

        // Nothing was written in a snapshot, so there is nothing to lose.
        return open && !snapshot;
    }

    // One that was begun on the driver's own object, which otherwise takes itself to be in it for ever, and to roll back
    // has to find one.
    private void EndDriverTransaction()
    {
        using SqliteCommand command = Driver.CreateCommand();
        if (command.Transaction is { } transaction)
        {
            if (!IsInTransaction)
            {
                Step("BEGIN");
            }

            transaction.Dispose();
        }
    }

    private void CloseReaders(int keep = 0)
    {
        for (int i = _open.Count - 1; i >= keep; i--)
        {
            Finish(_open[i]);
        }
    }

    // A reader that was opened on the driver's own object runs what is left of its batch as that is disposed, and some of
    // it may be prepared. With all statements gone but those whose rows are being read, and new ones refused, there is
    // nothing to run.
    private void RefuseRestOfDriverBatches()
    {
        _authorizer.RefusesAll = true;
        List<sqlite3_stmt> others = [];
        try
        {
            for (sqlite3_stmt? s = raw.sqlite3_next_stmt(Handle, null); s is not null; s = raw.sqlite3_next_stmt(Handle, s))
            {
                if (raw.sqlite3_stmt_busy(s) == 0)
                {
                    others.Add(s);
                }
            }
        }
        catch (KeyNotFoundException)
        {
            // One of SQLite's own (of a virtual table, a blob), which is not to be touched, and hides those after it.
        }

        others.ForEach(static statement => statement.Dispose());
    }

    private bool HasBusyStatement()
    {
        try
        {
            for (sqlite3_stmt? s = raw.sqlite3_next_stmt(Handle, null); s is not null; s = raw.sqlite3_next_stmt(Handle, s))
            {
                if (raw.sqlite3_stmt_busy(s) != 0)
                {
                    return true;
                }
            }

            return false;
        }
        catch (KeyNotFoundException)
        {
            // One of SQLite's own (FTS5, R-tree), which hides those after it. This mode does nothing, but refuses while a
            // statement of the connection still reads; engines that do not know it refuse always.
            return raw.sqlite3_wal_checkpoint_v2(Handle, "main", CheckpointNoOperation, out _, out _) != raw.SQLITE_OK;
        }
    }
}
