using System.Data;
using Microsoft.EntityFrameworkCore.Sqlite.Storage.Internal;
using Microsoft.EntityFrameworkCore.Storage;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// Creates and deletes the database of a pool, with every handle of the pool closed while its file is removed.
/// </summary>
internal sealed class SqlitePoolDatabaseCreator(
    RelationalDatabaseCreatorDependencies dependencies,
    ISqliteRelationalConnection connection,
    IRawSqlCommandBuilder rawSqlCommandBuilder
) : SqliteDatabaseCreator(dependencies, connection, rawSqlCommandBuilder)
{
    private static readonly string[] Suffixes = ["", "-wal", "-shm", "-journal"];

    private SqlitePool? Pool =>
        Dependencies.Connection.DbConnection is SqlitePoolConnection
            ? ((SqlitePoolRelationalConnection)Dependencies.Connection).Pool
            : null;

    public override bool Exists() =>
        Pool switch
        {
            null => base.Exists(),
            { DatabaseFile: { } file } => File.Exists(file),
            _ => true,
        };

    // The base would ask for the file alone, also where the pool has no connections to give any more.
    public override bool CanConnect()
    {
        if (Pool is null)
        {
            return base.CanConnect();
        }

        try
        {
            if (!Exists())
            {
                return false;
            }

            Dependencies.Connection.Open(errorsExpected: true);
            Dependencies.Connection.Close();
            return true;
        }
        // As EF has it: whatever is in the way is the answer.
        catch (Exception)
        {
            return false;
        }
    }

    public override async Task<bool> CanConnectAsync(CancellationToken cancellationToken = default)
    {
        if (Pool is null)
        {
            return await base.CanConnectAsync(cancellationToken).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (!Exists())
            {
                return false;
            }

            await Dependencies.Connection.OpenAsync(cancellationToken, errorsExpected: true).ConfigureAwait(false);
            await Dependencies.Connection.CloseAsync().ConfigureAwait(false);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    // The base would set the journal mode, which the pool has done when it opened the connection.
    public override void Create()
    {
        if (Pool is null)
        {
            base.Create();
            return;
        }

        Dependencies.Connection.Open();
        Dependencies.Connection.Close();
    }

    public override void Delete()
    {
        if (Pool is not { } pool)
        {
            base.Delete();
            return;
        }

        DeleteAsync(pool, CancellationToken.None).GetAwaiter().GetResult();
    }

    public override Task DeleteAsync(CancellationToken cancellationToken = default) =>
        Pool is { } pool ? DeleteAsync(pool, cancellationToken) : base.DeleteAsync(cancellationToken);

    private async Task DeleteAsync(SqlitePool pool, CancellationToken cancellationToken)
    {
        if (Dependencies.Connection.CurrentTransaction is not null)
        {
            throw new InvalidOperationException(
                "The database cannot be deleted inside a transaction of this context. Commit it or roll it back first."
            );
        }

        if (pool.DatabaseFile is not { } file)
        {
            await ResetMemoryAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        // A connection that the application has opened by hand is given back for the time being: it would be waited
        // for.
        SqlitePoolConnection own = (SqlitePoolConnection)Dependencies.Connection.DbConnection;
        bool wasOpen = own.State == ConnectionState.Open;
        own.Close();
        await pool.RunExclusiveAsync(
                _ =>
                {
                    foreach (string suffix in Suffixes)
                    {
                        File.Delete(file + suffix);
                    }

                    return Task.CompletedTask;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        if (wasOpen)
        {
            await own.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ResetMemoryAsync(CancellationToken cancellationToken)
    {
        await Dependencies.Connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await MemoryDatabase
                .ResetAsync((SqlitePoolConnection)Dependencies.Connection.DbConnection, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            await Dependencies.Connection.CloseAsync().ConfigureAwait(false);
        }
    }
}
