using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore.Storage;
using Pool.Sqlite.EntityFrameworkCore;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Inserts many entities without tracking them.</summary>
public static class BulkInsertExtensions
{
    private const int RowsBetweenReports = 1_000;

    /// <summary>
    /// Inserts entities by one prepared statement in one transaction: the current one of the context, or one of its
    /// own. Values that the database generates (keys, defaults) are written back to the entities; they are not tracked,
    /// and neither navigations nor <c>SaveChanges</c> interceptors are looked at.
    /// </summary>
    /// <typeparam name="TEntity">An entity that is mapped to one table.</typeparam>
    /// <param name="context">The context, whose model says how the entities are stored.</param>
    /// <param name="entities">The entities. They are read once, in order.</param>
    /// <param name="progress">Told how many are inserted, every 1,000 and at the end.</param>
    /// <param name="cancellationToken">
    /// Stops it; what it inserted is then rolled back, unless the transaction is the caller's.
    /// </param>
    /// <returns>How many were inserted.</returns>
    /// <exception cref="ArgumentException">One of them is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The type is not in the model, or not one that is stored in one table.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<long> BulkInsertAsync<TEntity>(
        this DbContext context,
        IEnumerable<TEntity> entities,
        IProgress<long>? progress = null,
        CancellationToken cancellationToken = default
    )
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(entities);
        if (context.Database.CurrentTransaction is not null)
        {
            return await InsertAsync(context, entities, progress, cancellationToken).ConfigureAwait(false);
        }

        IDbContextTransaction transaction = await context
            .Database.BeginTransactionAsync(cancellationToken)
            .ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            long done = await InsertAsync(context, entities, progress, cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            return done;
        }
    }

    /// <inheritdoc cref="BulkInsertAsync{TEntity}(DbContext, IEnumerable{TEntity}, IProgress{long}?, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public static Task<long> BulkInsertAsync<TEntity>(
        this DbContext context,
        IEnumerable<TEntity> entities,
        CancellationToken cancellationToken
    )
        where TEntity : class => context.BulkInsertAsync(entities, null, cancellationToken);

    private static async Task<long> InsertAsync<TEntity>(
        DbContext context,
        IEnumerable<TEntity> entities,
        IProgress<long>? progress,
        CancellationToken cancellationToken
    )
        where TEntity : class
    {
        long done = 0;
        EntityInserter inserter = new(context);
        await using (inserter.ConfigureAwait(false))
        {
            foreach (TEntity entity in entities)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (entity is null)
                {
                    throw new ArgumentException(
                        $"The entity at index {done} is null. Leave it out: entities.Where(entity => entity is not null).",
                        nameof(entities)
                    );
                }

                await inserter.InsertAsync(entity, cancellationToken).ConfigureAwait(false);
                if (++done % RowsBetweenReports == 0)
                {
                    progress?.Report(done);
                }
            }
        }

        progress?.Report(done);
        return done;
    }
}
