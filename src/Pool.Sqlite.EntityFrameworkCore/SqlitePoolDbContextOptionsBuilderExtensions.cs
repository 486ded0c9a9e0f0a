using Microsoft.EntityFrameworkCore.Infrastructure;
using Pool.Sqlite;
using Pool.Sqlite.EntityFrameworkCore;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Makes a context use a <see cref="SqlitePool"/>.</summary>
public static class SqlitePoolDbContextOptionsBuilderExtensions
{
    /// <summary>
    /// Uses EF Core's SQLite provider on a pool. Each context has a connection of its own, which rents when EF opens it
    /// and returns when EF closes it; all of EF's functions and collations are registered once for each physical
    /// connection.
    /// </summary>
    /// <param name="optionsBuilder">The builder of the context's options.</param>
    /// <param name="pool">The pool. It must outlive the contexts, which never dispose it.</param>
    /// <param name="sqliteOptionsAction">Settings of the SQLite provider, as for <c>UseSqlite</c>.</param>
    /// <returns>The builder, for further calls.</returns>
    public static DbContextOptionsBuilder UseSqlitePool(
        this DbContextOptionsBuilder optionsBuilder,
        SqlitePool pool,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null
    )
    {
        ArgumentNullException.ThrowIfNull(optionsBuilder);
        ArgumentNullException.ThrowIfNull(pool);
        optionsBuilder.UseSqlite(pool.DriverConnectionString, sqliteOptionsAction);
        ((IDbContextOptionsBuilderInfrastructure)optionsBuilder).AddOrUpdateExtension(
            new SqlitePoolOptionsExtension(pool)
        );
        return optionsBuilder;
    }

    /// <inheritdoc cref="UseSqlitePool(DbContextOptionsBuilder, SqlitePool, Action{SqliteDbContextOptionsBuilder}?)"/>
    /// <typeparam name="TContext">The context.</typeparam>
    public static DbContextOptionsBuilder<TContext> UseSqlitePool<TContext>(
        this DbContextOptionsBuilder<TContext> optionsBuilder,
        SqlitePool pool,
        Action<SqliteDbContextOptionsBuilder>? sqliteOptionsAction = null
    )
        where TContext : DbContext
    {
        UseSqlitePool((DbContextOptionsBuilder)optionsBuilder, pool, sqliteOptionsAction);
        return optionsBuilder;
    }

    /// <summary>
    /// Runs a unit of work again when another process made it fail as busy. (Writes of this process queue, and never
    /// fail so.) As with every retrying strategy of EF, transactions that you begin yourself then go through
    /// <c>Database.CreateExecutionStrategy()</c>.
    /// </summary>
    /// <param name="sqliteOptions">The settings of the SQLite provider.</param>
    /// <param name="maxRetryCount">How often at most. Default 6.</param>
    /// <param name="maxRetryDelay">The longest pause between two tries. Default 1 second.</param>
    /// <returns>The same settings, for further calls.</returns>
    public static SqliteDbContextOptionsBuilder EnableRetryOnBusy(
        this SqliteDbContextOptionsBuilder sqliteOptions,
        int maxRetryCount = 6,
        TimeSpan? maxRetryDelay = null
    )
    {
        ArgumentNullException.ThrowIfNull(sqliteOptions);
        return sqliteOptions.ExecutionStrategy(dependencies => new SqlitePoolRetryingExecutionStrategy(
            dependencies,
            maxRetryCount,
            maxRetryDelay ?? TimeSpan.FromSeconds(1)
        ));
    }
}
