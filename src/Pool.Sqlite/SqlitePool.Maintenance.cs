using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;

namespace Pool.Sqlite;

public sealed partial class SqlitePool
{
    /// <summary>
    /// Opens connections until there are <see cref="SqlitePoolOptions.PoolSize"/>, so that no rent has to.
    /// </summary>
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
        await _maintenance.Clear(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Runs <paramref name="work"/> while no connection of the pool is open: every lease is back, every handle closed,
    /// and rents wait. For what needs the file for itself, such as replacing it.
    /// </summary>
    /// <param name="work">What to do. Renting from the same pool inside it is refused at once.</param>
    /// <param name="cancellationToken">Ends the wait for the leases; passed on to <paramref name="work"/>.</param>
    /// <exception cref="SqlitePoolTimeoutException">
    /// Not every lease was back within <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">A private memory database would be lost.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async Task RunExclusiveAsync(
        Func<CancellationToken, Task> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        ThrowIfPrivateMemory("closed for exclusive work");
        await _maintenance.RunExclusive(work, cancellationToken).ConfigureAwait(false);
    }

    /// <typeparam name="T">What it answers.</typeparam>
    /// <returns>What <paramref name="work"/> answered.</returns>
    /// <inheritdoc cref="RunExclusiveAsync(Func{CancellationToken, Task}, CancellationToken)"/>
    public async Task<T> RunExclusiveAsync<T>(
        Func<CancellationToken, Task<T>> work,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(work);
        T? answer = default;
        await RunExclusiveAsync(
                async token =>
                {
                    answer = await work(token).OrThrow().ConfigureAwait(false);
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        return answer!;
    }

    /// <summary>
    /// Moves what the WAL holds into the database file, under the write gate. Where readers or other processes are in
    /// the way it tries again, after pauses of 10, 20, 40 ms and so on in which others write, until <c>BusyTimeout</c>.
    /// </summary>
    /// <param name="mode">How far it goes.</param>
    /// <param name="cancellationToken">Ends the waits.</param>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public async Task<CheckpointResult> CheckpointAsync(
        CheckpointMode mode = CheckpointMode.Passive,
        CancellationToken cancellationToken = default
    )
    {
        if (!Enum.IsDefined(mode))
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "Allowed: Passive, Full, Restart, Truncate.");
        }

        return await _maintenance.Checkpoint(mode, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="CheckpointAsync(CheckpointMode, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task<CheckpointResult> CheckpointAsync(CancellationToken cancellationToken) =>
        CheckpointAsync(CheckpointMode.Passive, cancellationToken);

    /// <summary>
    /// <c>PRAGMA optimize</c>, under the write gate: refreshes what the query planner knows where that has become
    /// stale. For now and then, and after large changes; the pool does it by itself when it closes.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for the writer connection.</param>
    /// <exception cref="SqliteException">SQLite refuses.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task OptimizeAsync(CancellationToken cancellationToken = default) =>
        _maintenance.Optimize(cancellationToken);

    /// <summary>
    /// Copies the database as it is at this moment to another file, while reading and writing go on: from one snapshot,
    /// by SQLite's backup interface. (Copying the file itself would miss the WAL, and drop SQLite's locks.)
    /// </summary>
    /// <param name="path">
    /// The file. One that exists must be a database; it is replaced as a whole when the copy is complete, and left as
    /// it is when it is not.
    /// </param>
    /// <param name="progress">Told how many pages are copied, every 1,000.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">
    /// It is one of the pool's own files, by whatever name, or a folder.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException">Its folder does not exist.</exception>
    /// <exception cref="SqliteException">SQLite cannot write the file, or another process uses it.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public async Task BackupAsync(
        string path,
        IProgress<BackupProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        await _maintenance.Backup(path, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="BackupAsync(string, IProgress{BackupProgress}?, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task BackupAsync(string path, CancellationToken cancellationToken) =>
        BackupAsync(path, null, cancellationToken);

    private void ThrowIfPrivateMemory(string what)
    {
        if (IsPrivateMemory)
        {
            throw new InvalidOperationException(
                $"The pool '{Name}' cannot be {what}: its database lives in the memory of its one connection, and would be "
                    + "lost. Write \"Data Source=app;Mode=Memory;Cache=Shared\" for one that outlives its connections."
            );
        }
    }
}
