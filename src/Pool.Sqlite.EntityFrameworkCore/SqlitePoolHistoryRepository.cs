using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Sqlite.Migrations.Internal;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// Lets the contexts of a pool migrate one after the other. Where EF's lock, a row in the database, is taken it tries
/// again a second later, all of them at the same time: that is left to other processes.
/// </summary>
internal sealed class SqlitePoolHistoryRepository(HistoryRepositoryDependencies dependencies)
    : SqliteHistoryRepository(dependencies)
{
    private static readonly ConditionalWeakTable<SqlitePool, SemaphoreSlim> Turns = [];

    private SemaphoreSlim? Turn =>
        Dependencies.Connection is SqlitePoolRelationalConnection { DbConnection: SqlitePoolConnection } connection
            ? Turns.GetValue(connection.Pool, static _ => new SemaphoreSlim(1, 1))
            : null;

    public override IMigrationsDatabaseLock AcquireDatabaseLock()
    {
        if (Turn is not { } turn)
        {
            return base.AcquireDatabaseLock();
        }

        turn.Wait();
        try
        {
            return new TurnLock(base.AcquireDatabaseLock(), turn, this);
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    public override async Task<IMigrationsDatabaseLock> AcquireDatabaseLockAsync(
        CancellationToken cancellationToken = default
    )
    {
        if (Turn is not { } turn)
        {
            return await base.AcquireDatabaseLockAsync(cancellationToken).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            IMigrationsDatabaseLock databaseLock = await base.AcquireDatabaseLockAsync(cancellationToken)
                .ConfigureAwait(false);
            return new TurnLock(databaseLock, turn, this);
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    /// <summary>EF's lock together with the turn, which the first disposal gives back.</summary>
    private sealed class TurnLock(
        IMigrationsDatabaseLock databaseLock,
        SemaphoreSlim turn,
        IHistoryRepository repository
    ) : IMigrationsDatabaseLock
    {
        private int _isReleased;

        IHistoryRepository IMigrationsDatabaseLock.HistoryRepository => repository;

        public void Dispose()
        {
            try
            {
                databaseLock.Dispose();
            }
            finally
            {
                Release();
            }
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                await databaseLock.DisposeAsync().ConfigureAwait(false);
            }
            finally
            {
                Release();
            }
        }

        private void Release()
        {
            if (Interlocked.Exchange(ref _isReleased, 1) == 0)
            {
                turn.Release();
            }
        }
    }
}
