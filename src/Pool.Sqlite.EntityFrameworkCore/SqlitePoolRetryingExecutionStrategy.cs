using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using SQLitePCL;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// Repeats a unit of work that failed because another process had locked the database, or had written in between;
/// turned on by <see cref="SqlitePoolDbContextOptionsBuilderExtensions.EnableRetryOnBusy"/>.
/// </summary>
/// <param name="dependencies">What EF gives to every strategy.</param>
/// <param name="maxRetryCount">How often at most.</param>
/// <param name="maxRetryDelay">The longest pause between two tries.</param>
public sealed class SqlitePoolRetryingExecutionStrategy(
    ExecutionStrategyDependencies dependencies,
    int maxRetryCount,
    TimeSpan maxRetryDelay
) : ExecutionStrategy(dependencies, maxRetryCount, maxRetryDelay)
{
    /// <inheritdoc/>
    protected override bool ShouldRetryOn(Exception exception) =>
        exception is SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_LOCKED };
}
