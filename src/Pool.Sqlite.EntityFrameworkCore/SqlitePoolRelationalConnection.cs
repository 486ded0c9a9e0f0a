using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Sqlite.Infrastructure.Internal;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.EntityFrameworkCore.Storage;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// The connection of one context: it rents from the pool when EF opens it, and returns when EF closes it.
/// </summary>
internal sealed class SqlitePoolRelationalConnection : SqliteRelationalConnection
{
    private readonly IRawSqlCommandBuilder _commands;
    private readonly IDiagnosticsLogger<DbLoggerCategory.Infrastructure> _logger;
    private readonly SqliteOptionsExtension _options;
    private (SqlitePoolConnection? Connection, long Lease) _registeredFor;

    public SqlitePoolRelationalConnection(
        RelationalConnectionDependencies dependencies,
        IRawSqlCommandBuilder rawSqlCommandBuilder,
        IDiagnosticsLogger<DbLoggerCategory.Infrastructure> logger
    )
        : base(WithoutPooled(dependencies), rawSqlCommandBuilder, logger)
    {
        _commands = rawSqlCommandBuilder;
        _logger = logger;
        _options = dependencies.ContextOptions.FindExtension<SqliteOptionsExtension>()!;
        Pool =
            dependencies.ContextOptions.FindExtension<SqlitePoolOptionsExtension>()?.Pool
            ?? throw new InvalidOperationException(
                "The context has the services of a pool (AddEntityFrameworkSqlitePool), but no pool: call UseSqlitePool(pool) in place "
                    + "of UseSqlite."
            );
        if (_options.Connection is SqlitePoolConnection pooled)
        {
            SetDbConnection(pooled, _options.IsConnectionOwned);
        }
    }

    public SqlitePool Pool { get; }

    // One that was open when it was given to the context is not opened below.
    public override bool Open(bool errorsExpected = false)
    {
        bool isOpened = base.Open(errorsExpected);
        RegisterFunctions();
        return isOpened;
    }

    public override async Task<bool> OpenAsync(CancellationToken cancellationToken, bool errorsExpected = false)
    {
        bool isOpened = await base.OpenAsync(cancellationToken, errorsExpected).ConfigureAwait(false);
        RegisterFunctions();
        return isOpened;
    }

    protected override DbConnection CreateDbConnection() =>
        ConnectionString == Pool.DriverConnectionString ? Pool.CreateConnection() : base.CreateDbConnection();

    protected override void OpenDbConnection(bool errorsExpected)
    {
        base.OpenDbConnection(errorsExpected);
        RegisterFunctions();
    }

    protected override async Task OpenDbConnectionAsync(bool errorsExpected, CancellationToken cancellationToken)
    {
        await base.OpenDbConnectionAsync(errorsExpected, cancellationToken).ConfigureAwait(false);
        RegisterFunctions();
    }

    // EF warns of a connection in the options that is not the driver's, because it cannot register its functions on it.
    // Here they are registered when it is opened.
    private static RelationalConnectionDependencies WithoutPooled(RelationalConnectionDependencies dependencies)
    {
        SqliteOptionsExtension? options = dependencies.ContextOptions.FindExtension<SqliteOptionsExtension>();
        if (options?.Connection is not SqlitePoolConnection)
        {
            return dependencies;
        }

        DbContextOptionsBuilder without = new();
        ((IDbContextOptionsBuilderInfrastructure)without).AddOrUpdateExtension(
            (SqliteOptionsExtension)options.WithConnection(null)
        );
        return dependencies with { ContextOptions = without.Options };
    }

    // EF registers its functions where it is given one of the driver's connections: so it is given the one underneath,
    // once.
    private void RegisterFunctions()
    {
        if (DbConnection is SqlitePoolConnection pooled && _registeredFor != (pooled, pooled.LeaseId))
        {
            pooled.SetUpOnce(typeof(SqlitePoolRelationalConnection), RegisterFunctions);
            _registeredFor = (pooled, pooled.LeaseId);
        }
    }

    private void RegisterFunctions(SqliteConnection driver)
    {
        DbContextOptionsBuilder options = new();
        ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(
            (SqliteOptionsExtension)_options.WithConnectionString(null).WithConnection(driver)
        );
        using SqliteRelationalConnection registers = new(
            Dependencies with
            {
                ContextOptions = options.Options,
            },
            _commands,
            _logger
        );
    }
}
