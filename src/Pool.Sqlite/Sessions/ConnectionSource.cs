using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>Opens, checks and closes the connections of one pool.</summary>
internal sealed class ConnectionSource : ILeaseSource<PhysicalConnection>, IDisposable
{
    private readonly SqlitePoolOptions _options;
    private readonly ILogger _logger;
    private readonly Action<TimeSpan> _created;
    private readonly TimeProvider _time;
    private readonly string _name;
    private readonly StatementWarmUp? _warmUp;
    private IReadOnlyList<Pragma>? _pragmas;
    private SqliteConnection? _anchor;

    public ConnectionSource(
        SqlitePoolOptions options,
        DatabaseTarget target,
        string name,
        ILogger logger,
        Action<TimeSpan> created,
        TimeProvider time
    )
    {
        _options = options;
        Target = target;
        _name = name;
        _logger = logger;
        _created = created;
        _time = time;
        _warmUp =
            options.WarmUpStatements.Count > 0 ? new StatementWarmUp(options.WarmUpStatements, name, logger) : null;
    }

    /// <summary>One for connections with another <c>synchronous</c>, and with the same figures.</summary>
    public ConnectionSource With(SynchronousMode synchronous)
    {
        if (synchronous == _options.Pragmas.Synchronous || Target.Kind != DatabaseKind.File)
        {
            return this;
        }

        SqlitePoolOptions options = _options.Clone();
        options.Pragmas.Synchronous = synchronous;
        return new ConnectionSource(options, Target, _name, _logger, _created, _time)
        {
            Refused = Refused,
            Figures = Figures,
            Opening = Opening,
        };
    }

    /// <summary>How the pool stands, for the exception of a rent that is refused.</summary>
    public Func<RentRefusal, TimeSpan, Exception?, Exception>? Refused { get; set; }

    /// <summary>Called before each open.</summary>
    public Action? Opening { get; init; }

    public DatabaseTarget Target { get; }

    public required ConnectionFigures Figures { get; init; }

    public bool ChecksEveryRent => _options.Renting is not null;

    public PhysicalConnection Open(TimeSpan limit, CancellationToken cancellationToken)
    {
        Opening?.Invoke();
        try
        {
            if (Target.Kind == DatabaseKind.SharedMemory)
            {
                KeepAlive();
            }

            long start = _time.GetTimestamp();
            _pragmas ??= Pragma.List(_options, Target);
            PhysicalConnection connection = ConnectionOpening.Open(
                Target,
                _pragmas,
                _options,
                new OpeningWait(limit, cancellationToken)
            );
            WarmUp(connection);
            NoteOpen(connection, _time.GetElapsedTime(start));
            return connection;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _logger.OpenFailed(e, _name);
            throw;
        }
    }

    public void Opened(PoolEntry<PhysicalConnection> entry) => entry.Value.ClosedByCode = () => entry.IsProbeDue = true;

    public bool IsTransient(Exception failure) =>
        failure is SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_IOERR };

    public bool Check(PhysicalConnection item, bool probe, out RetireReason reason, out Exception? cause)
    {
        cause = null;
        reason = probe ? Probe(item) : RetireReason.None;
        if (
            reason == RetireReason.None
            && _options.Renting is { } renting
            && !Allows(renting, item, nameof(SqlitePoolOptions.Renting), out cause)
        )
        {
            reason = RetireReason.Retired;
        }

        return reason == RetireReason.None;
    }

    public RetireReason Probe(PhysicalConnection item)
    {
        if (item.Probe())
        {
            return RetireReason.None;
        }

        _logger.HealthCheckFailed(_name);
        return RetireReason.Unhealthy;
    }

    public void Retrying(int retry, TimeSpan delay) =>
        _logger.OpenRetried(_name, Math.Round(delay.TotalMilliseconds), retry, _options.CreateRetries);

    /// <summary>Cleans a connection after its lease. Never throws.</summary>
    /// <returns>Why it must not be lent again, or <see cref="RetireReason.None"/>.</returns>
    public RetireReason Clean(PoolEntry<PhysicalConnection> item)
    {
        PhysicalConnection connection = item.Value;
        SessionResetResult result = connection.Reset();
        if (connection.WantsCacheLook)
        {
            connection.WantsCacheLook = false;
            NoteCache(connection);
        }

        if (result.RolledBack)
        {
            _logger.TransactionRolledBack(_name, item.LeaseName);
        }

        if (connection.IsRetired)
        {
            return RetireReason.Retired;
        }

        if (!result.IsClean)
        {
            if (MustKeep(connection))
            {
                _logger.MemoryDatabaseNotClean(_name, item.LeaseName, result.Problem);
            }
            else
            {
                _logger.ConnectionNotReused(_name, item.LeaseName, result.Problem);
            }

            return RetireReason.Unclean;
        }

        return
            _options.Returning is { } returning
            && !Allows(returning, connection, nameof(SqlitePoolOptions.Returning), out _)
            ? RetireReason.Retired
            : RetireReason.None;
    }

    public bool MustKeep(PhysicalConnection item) => item is { IsTheDatabase: true, IsClosedByCaller: false };

    public void Close(PhysicalConnection item, RetireReason reason, bool last)
    {
        try
        {
            if (item.IsTheDatabase && reason != RetireReason.Closing)
            {
                Figures.NoteDatabaseLost();
                _logger.MemoryDatabaseLost(_name);
            }

            Figures.NoteClosed(item.Statements);
            NoteCache(item);
            _logger.ConnectionRetired(_name, reason.ToString());
            item.Close(last);
            Figures.NoteFileClosed(item);
        }
        // A close has no caller to throw to: the log is told.
        catch (Exception e)
        {
            _logger.CloseFailed(e, _name);
        }
    }

    public Exception RentRefused(RentRefusal refusal, TimeSpan waited, Exception? cause) =>
        Refused!(refusal, waited, cause);

    public Exception Closed() => new ObjectDisposedException(nameof(SqlitePool), $"The pool '{_name}' is closed.");

    /// <summary>Lets the memory database go, once no connection is left.</summary>
    public void Dispose()
    {
        _anchor?.Dispose();
        Figures.EndNoting();
    }

    private void WarmUp(PhysicalConnection connection)
    {
        try
        {
            _warmUp?.Prepare(connection);
        }
        catch
        {
            connection.Close(last: false);
            throw;
        }
    }

    private void NoteOpen(PhysicalConnection connection, TimeSpan time)
    {
        connection.Failures = Figures.Failures;
        _created(time);
        if (time >= _options.SlowThreshold && _options.SlowThreshold != Timeout.InfiniteTimeSpan)
        {
            _logger.SlowOpen(_name, Math.Round(time.TotalMilliseconds));
        }

        if (Target.Kind == DatabaseKind.File)
        {
            Figures.NoteFile(connection);
            connection.File.Moved = Figures.NoteMoved;
            connection.File.WasFirstToNotice = () => Figures.IsCurrent(connection);
        }

        if (Figures.TryJudgeEngine())
        {
            foreach (SqlitePoolAdvice advice in EngineAdvice.For(EngineVersion.Current))
            {
                _logger.EngineWarning(_name, advice.Evidence, advice.Recommendation);
            }

            if (connection.FileName.Length > 0 && Figures.NetworkFileSystemOf(connection.FileName) is { } fileSystem)
            {
                _logger.NetworkFileSystemUsed(_name, fileSystem);
            }
        }
    }

    private void NoteCache(PhysicalConnection connection)
    {
        if (!connection.IsClosedByCaller)
        {
            Figures.NoteCache(PageCache.TakeFigures(connection.Handle, _options.Pragmas.CacheSizeKiB * 1024L));
        }
    }

    // A shared memory database lives as long as a connection to it is open.
    private void KeepAlive()
    {
        if (_anchor is null)
        {
            SqliteConnection anchor = NativeEngine.Connect(Target);
            anchor.Open();
            if (Interlocked.CompareExchange(ref _anchor, anchor, null) is not null)
            {
                anchor.Dispose();
            }
        }
    }

    private bool Allows(
        Func<SqliteConnection, bool> hook,
        PhysicalConnection connection,
        string name,
        out Exception? cause
    )
    {
        cause = null;
        try
        {
            return ConnectionHook.Run(hook, connection, name);
        }
        // A hook that throws says no.
        catch (Exception e)
        {
            _logger.HookFailed(e, _name, name);
            cause = e;
            return false;
        }
    }
}
