using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Leasing;
using SQLitePCL;

namespace Pool.Sqlite.Connections;

/// <summary>Opens, checks and closes the connections of one pool.</summary>
internal sealed class ConnectionSource : ILeaseSource<PhysicalConnection>, IDisposable
{
    private readonly SqlitePoolOptions _options;
    private readonly ILogger _logger;
    private readonly string _name;
    private readonly IReadOnlyList<Pragma> _pragmas;
    private SqliteConnection? _anchor;
    private ConnectionSource? _total;
    private long _statementHits;
    private long _statementMisses;

    public ConnectionSource(SqlitePoolOptions options, DatabaseTarget target, string name, ILogger logger)
    {
        _options = options;
        Target = target;
        _name = name;
        _logger = logger;
        _pragmas = Pragma.List(options.Pragmas, target);
    }

    /// <summary>One for connections with another <c>synchronous</c>; its figures are counted here.</summary>
    public ConnectionSource With(SynchronousMode synchronous)
    {
        SqlitePoolOptions options = _options.Clone();
        options.Pragmas.Synchronous = synchronous;
        return synchronous == _options.Pragmas.Synchronous || Target.Kind != DatabaseKind.File
            ? this
            : new ConnectionSource(options, Target, _name, _logger) { Refused = Refused, _total = this };
    }

    /// <summary>How the pool stands, for the exception of a rent that is refused.</summary>
    public Func<RentRefusal, TimeSpan, Exception>? Refused { get; set; }

    public DatabaseTarget Target { get; }

    /// <summary>Of the connections that are closed.</summary>
    public long StatementHits => Interlocked.Read(ref _statementHits);

    /// <inheritdoc cref="StatementHits"/>
    public long StatementMisses => Interlocked.Read(ref _statementMisses);

    public bool ChecksEveryRent => _options.Renting is not null;

    public PhysicalConnection Open()
    {
        try
        {
            if (Target.Kind == DatabaseKind.SharedMemory)
            {
                KeepAlive();
            }

            return PhysicalConnection.Open(Target, _pragmas, _options);
        }
        catch (Exception e)
        {
            _logger.OpenFailed(e, _name);
            throw;
        }
    }

    public bool IsTransient(Exception failure) => failure is SqliteException
    {
        SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_IOERR
    };

    public bool Check(PhysicalConnection item, bool probe, out RetireReason reason)
    {
        reason = probe ? Probe(item) : RetireReason.None;
        if (reason == RetireReason.None && _options.Renting is { } renting && !Allows(renting, item, nameof(SqlitePoolOptions.Renting)))
        {
            reason = RetireReason.Retired;
        }

        return reason == RetireReason.None;
    }

    public RetireReason Probe(PhysicalConnection item) =>
        item.Probe() ? RetireReason.None : RetireReason.Unhealthy;

    /// <summary>Cleans a connection after its lease. Never throws.</summary>
    /// <returns>Why it must not be lent again, or <see cref="RetireReason.None"/>.</returns>
    public RetireReason Clean(PoolItem<PhysicalConnection> item)
    {
        PhysicalConnection connection = item.Value;
        CleanUp result = connection.Clean();
        if (result.RolledBack)
        {
            _logger.TransactionRolledBack(_name, PooledConnection.NameOf(item));
        }

        if (connection.IsRetired)
        {
            return RetireReason.Retired;
        }

        if (!result.IsClean)
        {
            _logger.ConnectionNotReused(_name, PooledConnection.NameOf(item), result.Problem);
            return RetireReason.Unclean;
        }

        return _options.Returning is { } returning && !Allows(returning, connection, nameof(SqlitePoolOptions.Returning))
            ? RetireReason.Retired
            : RetireReason.None;
    }

    public void Close(PhysicalConnection item, RetireReason reason, bool last)
    {
        try
        {
            ConnectionSource total = _total ?? this;
            Interlocked.Add(ref total._statementHits, item.Statements.Hits);
            Interlocked.Add(ref total._statementMisses, item.Statements.Misses);
            item.Close(last);
        }
#pragma warning disable CA1031 // There is nobody to tell but the log.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.CloseFailed(e, _name);
        }
    }

    public Exception RentRefused(RentRefusal refusal, TimeSpan waited) => Refused!(refusal, waited);

    public Exception Closed() => new ObjectDisposedException(nameof(SqlitePool), $"The pool '{_name}' is closed.");

    /// <summary>Lets the memory database go, once no connection is left.</summary>
    public void Dispose() => _anchor?.Dispose();

    // A shared memory database lives as long as somebody has it open.
    private void KeepAlive()
    {
        if (_anchor is null)
        {
            SqliteConnection anchor = new(Target.OpenString);
            anchor.Open();
            if (Interlocked.CompareExchange(ref _anchor, anchor, null) is not null)
            {
                anchor.Dispose();
            }
        }
    }

    private bool Allows(Func<SqliteConnection, bool> hook, PhysicalConnection connection, string name)
    {
        try
        {
            return Hook.Run(hook, connection.Driver);
        }
#pragma warning disable CA1031 // A hook that throws says no.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.HookFailed(e, _name, name);
            return false;
        }
    }
}
