using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
    /// <summary>Opens connections until there are <see cref="SqlitePoolOptions.PoolSize"/>, so that no rent has to.</summary>
    /// <param name="cancellationToken">Stops after the connection that is being opened.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    /// <exception cref="SqliteException">Opening failed.</exception>
    public Task WarmUpAsync(CancellationToken cancellationToken = default) => _leases.WarmUp(cancellationToken);

    /// <summary>
    /// Closes every idle connection now, and each that is out when it comes back. Rents go on meanwhile, with new
    /// connections: for after the database file was replaced, or an extension updated.
    /// </summary>
    /// <param name="cancellationToken">Looked at once, at the beginning.</param>
    /// <exception cref="InvalidOperationException">A private memory database would be lost.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async Task ClearAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfPrivateMemory("cleared");
        if (_leases.IsClosed)
        {
            throw _source.Closed();
        }

        await Task.Run(Clear, cancellationToken).ConfigureAwait(false);

        void Clear()
        {
            _sharedLockKeeper?.Suspend();
            try
            {
                Array.ForEach(_all, static pool => pool.Clear());
            }
            finally
            {
                _sharedLockKeeper?.Resume();
            }
        }
    }

    /// <summary>
    /// Runs <paramref name="work"/> while no connection of the pool is open: every lease is back, every handle closed,
    /// and rents wait. For what needs the file for itself, such as replacing it.
    /// </summary>
    /// <param name="work">What to do. Renting from the same pool inside it waits for its end, and so times out.</param>
    /// <param name="cancellationToken">Ends the wait for the leases; passed on to <paramref name="work"/>.</param>
    /// <exception cref="SqlitePoolTimeoutException">
    /// Not every lease was back within <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">A private memory database would be lost.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async Task RunExclusiveAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        ThrowIfPrivateMemory("closed for exclusive work");
        int begun = 0;
        _sharedLockKeeper?.Suspend();
        try
        {
            for (; begun < _all.Length; begun++)
            {
                await _all[begun].BeginExclusive(cancellationToken).ConfigureAwait(false);
            }

            await work(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Array.ForEach(_all[..begun], static pool => pool.EndExclusive());
            _sharedLockKeeper?.Resume();
        }
    }

    /// <summary>How the pool stands.</summary>
    public SqlitePoolStatistics GetStatistics()
    {
        LeaseCounts counts = _leases.Count();
        LeaseCounts[] all = [.. _all.Select(static pool => pool.Count())];
        (long statementHits, long statementMisses) = _source.Figures.CountStatements(
            [.. _all.SelectMany(static pool => pool.Values).Select(static value => value.Statements)]);
        return new SqlitePoolStatistics
        {
            PoolSize = PoolSize,
            MaxOverflow = MaxOverflow,
            Open = counts.Open,
            InUse = counts.InUse,
            Opening = counts.Opening,
            Waiting = counts.Waiting,
            PeakInUse = counts.PeakInUse,
            Hits = counts.Rents - counts.Misses,
            Misses = counts.Misses,
            Timeouts = counts.Timeouts,
            Cancellations = counts.Cancellations,
            OpenFailures = all.Sum(static each => each.OpenFailures),
            HealthCheckFailures = all.Sum(static each => each.HealthCheckFailures),
            Leaks = Interlocked.Read(ref _leaks),
            Discarded = counts.Closed(RetireReason.Unclean) + counts.Closed(RetireReason.Unhealthy),
            ClosedByAge = counts.Closed(RetireReason.Age),
            ClosedByIdle = counts.Closed(RetireReason.Idle),
            ClosedByOverflow = counts.Closed(RetireReason.Overflow),
            ClosedByClear = counts.Closed(RetireReason.Clear),
            ClosedByRetire = counts.Closed(RetireReason.Retired),
            StatementHits = statementHits,
            StatementMisses = statementMisses,
            WaitTime = _leases.WaitTimes.Summarize(),
            WriteGateWaiting = WriteGateWaiting,
            WriteGateWaits = _writeGateWaits.Summarize(),
            Writes = Writes.GetStatistics(),
        };
    }

    /// <summary>
    /// Closes the pool without waiting for leases: who waits and who comes gets <see cref="ObjectDisposedException"/>, idle
    /// connections close now, those that are out when they come back. What the write queue has accepted is committed first,
    /// for up to <see cref="SqlitePoolOptions.ShutdownTimeout"/>; the rest fails.
    /// </summary>
    /// <param name="disposing">True from <see cref="IDisposable.Dispose"/>.</param>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Task written = Close();
            if (!UserCallback.IsRunning)
            {
                written.GetAwaiter().GetResult();
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>
    /// As <see cref="Dispose(bool)"/>, and waits up to <see cref="SqlitePoolOptions.ShutdownTimeout"/> for what is out;
    /// what then still is, the log says. After the last connection no file is open, and no <c>-wal</c> left, unless the
    /// database is opened read-only or by somebody else as well.
    /// </summary>
    protected override async ValueTask DisposeAsyncCore()
    {
        // In a hook the connection that it was called for cannot come back before the hook ends; nor in an item of the queue.
        bool isInside = UserCallback.IsRunning;
        Deadline deadline = new(_time, _options.ShutdownTimeout);
        Task written = Close();
        await base.DisposeAsyncCore().ConfigureAwait(false);
        if (isInside)
        {
            return;
        }

        try
        {
            await written.ConfigureAwait(false);
            await _closed.WaitAsync(deadline.Remaining, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            string leases = string.Join(", ", _all.SelectMany(pool => pool.Leased()).Select(lease => Describe(lease.Item, lease.Held)));
            _log.Leasing.LeasesStillOut(Name, _options.ShutdownTimeout, leases);
        }
    }

    /// <summary>Ends when nothing of the pool is open any more.</summary>
    private async Task LetGoWhenDrained()
    {
        await Task.WhenAll(_all.Select(static pool => pool.Drained)).ConfigureAwait(false);
        _source.Dispose();
    }

    private void ThrowIfPrivateMemory(string what)
    {
        if (IsPrivateMemory)
        {
            throw new InvalidOperationException(
                $"The pool '{Name}' cannot be {what}: its database lives in the memory of its one connection, and would be "
                + "lost. Write \"Data Source=app;Mode=Memory;Cache=Shared\" for one that outlives its connections.");
        }
    }

    /// <summary>A write did not get its turn in time.</summary>
    internal SqliteException GateTimeout(WriteGate gate, TimeSpan waited) => new(
        $"Pool '{Name}': the right to write was not free within {Seconds(waited)} (BusyTimeout, CommandTimeout): "
        + (gate.Holder is { } holder ? $"a transaction or a writer lease of this process holds it ({holder}), "
            : "another statement of this process runs with it, ")
        + $"{gate.Waiting} others wait for it. Code that holds it must not wait for "
        + "something that itself waits to write. Keep transactions short; await nothing slow inside them.",
        raw.SQLITE_BUSY);

    private SqlitePoolTimeoutException RefusedException(RentRefusal refusal, TimeSpan waited) => RefusedException(
        refusal switch
        {
            RentRefusal.TooManyWaiters => $"{_options.MaxWaiters} rents are waiting already, which is MaxWaiters.",
            RentRefusal.TimedOutOpening => $"A connection could not be opened within {Seconds(waited)}.",
            _ => $"No connection was free within {Seconds(waited)}.",
        },
        waited);

    private SqlitePoolTimeoutException RefusedException(string why, TimeSpan waited)
    {
        LeaseCounts counts = _leases.Count();
        (PoolEntry<PhysicalConnection> Item, TimeSpan Held)[] leased =
            [.. _leases.Leased().Select(lease => (lease.Item, HeldFor(lease.Item, lease.Held))).OrderByDescending(lease => lease.Item2)];
        string stand = $" {counts.InUse} are in use (PoolSize {PoolSize}, MaxOverflow {MaxOverflow}), {counts.Waiting} others wait.";
        string longest = leased is [var first, ..] ? $" Out for the longest: {Describe(first.Item, first.Held)}." : "";
        return new SqlitePoolTimeoutException($"Pool '{Name}': {why}{stand}{longest}")
        {
            PoolName = Name,
            Waited = waited,
            PoolSize = PoolSize,
            MaxOverflow = MaxOverflow,
            InUse = counts.InUse,
            Waiting = counts.Waiting,
            LongestHeld = leased is [var held, ..] ? held.Held : null,
            LongestHeldRentSite = leased is [var site, ..] ? SiteOf(site.Item)?.ToString() : null,
        };
    }

    private string Describe(PoolEntry<PhysicalConnection> item, TimeSpan held)
    {
        string site = MessageFormat.Site(SiteOf(item)?.ToString());
        return $"lease {SqlitePoolConnection.NameOf(item)}, for {Seconds(HeldFor(item, held))}{site}";
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
