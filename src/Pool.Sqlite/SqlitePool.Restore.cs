using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

/// <content>Restoring, compacting and checking the database as a whole.</content>
public sealed partial class SqlitePool
{
    /// <summary>
    /// Replaces everything in the database by what a backup contains. The backup is checked to be an intact database
    /// first. Then every lease has to be back, rents and queued writes wait, and the copy is one transaction: a
    /// failure, a cancellation or a crash of the process leaves the database as it was. When the call returns, the copy
    /// is on disk.
    /// </summary>
    /// <remarks>
    /// A file that is so damaged that SQLite cannot write it is replaced by a copy of the backup. Statements of other
    /// processes that use the database see it change as by one large write. A backup whose <c>page_size</c> is another
    /// one needs the file for itself, and does not fit a database in memory.
    /// </remarks>
    /// <param name="path">
    /// The backup: a database file, as <see cref="BackupAsync(string, CancellationToken)"/> makes it. It is not changed.
    /// </param>
    /// <param name="progress">Told how many pages are copied, every 1,000.</param>
    /// <param name="cancellationToken">Stops it; nothing is changed then.</param>
    /// <exception cref="ArgumentException">
    /// It is one of the pool's own files, by whatever name, or a folder.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="SqliteException">
    /// The backup is no database, is damaged or cannot be read, or another process uses the database. Nothing was
    /// changed.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The pool is opened read-only, or the calling code holds the write gate or runs inside
    /// <see cref="RunExclusiveAsync(Func{CancellationToken, Task}, CancellationToken)"/>.
    /// </exception>
    /// <exception cref="SqlitePoolTimeoutException">
    /// Not every lease was back within <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async Task RestoreAsync(
        string path,
        IProgress<BackupProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        await _maintenance.Restore(path, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="RestoreAsync(string, IProgress{BackupProgress}?, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task RestoreAsync(string path, CancellationToken cancellationToken) =>
        RestoreAsync(path, null, cancellationToken);

    /// <summary>
    /// <c>VACUUM</c>, under the write gate: writes the database anew without the space that was freed, and gives that
    /// back to the file system as far as no reader needs it. Takes room for a second copy while it runs. Where another
    /// connection is in the way it tries again until <c>BusyTimeout</c>.
    /// </summary>
    /// <param name="cancellationToken">Stops it; nothing is changed then.</param>
    /// <exception cref="SqliteException">SQLite refuses, or another process was in the way for too long.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task VacuumAsync(CancellationToken cancellationToken = default) => _maintenance.Vacuum(cancellationToken);

    /// <summary>
    /// <c>VACUUM INTO</c>: writes a copy of the database as it is at this moment, without the space that was freed,
    /// while reading and writing go on. Smaller than what <see cref="BackupAsync(string, CancellationToken)"/> makes, and slower.
    /// </summary>
    /// <param name="path">The file, which must not exist yet, or be empty.</param>
    /// <param name="cancellationToken">Stops it; no file is left then.</param>
    /// <exception cref="ArgumentException">
    /// It is one of the pool's own files, by whatever name, or a folder.
    /// </exception>
    /// <exception cref="IOException">The file exists.</exception>
    /// <exception cref="DirectoryNotFoundException">Its folder does not exist.</exception>
    /// <exception cref="SqliteException">SQLite cannot write the file.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public async Task VacuumAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        await _maintenance.VacuumInto(path, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="CheckIntegrityAsync(bool, CancellationToken)"/>
    public Task<SqlitePoolIntegrityResult> CheckIntegrityAsync(CancellationToken cancellationToken = default) =>
        CheckIntegrityAsync(quick: false, cancellationToken);

    /// <summary>
    /// Looks for damage in the database, in one snapshot while reading and writing go on: the structure of the file,
    /// indices against their tables, constraints, and foreign keys where <see cref="SqlitePragmas.ForeignKeys"/> is on.
    /// Reads all of it.
    /// </summary>
    /// <param name="quick">
    /// True for <c>PRAGMA quick_check</c>, which leaves out the comparison of indices with their tables, and foreign
    /// keys.
    /// </param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What was found. A file that is no database any more is a finding too, not an exception.</returns>
    /// <exception cref="SqliteException">The database cannot be read, for another reason than damage.</exception>
    /// <inheritdoc cref="RentAsync(CancellationToken)"/>
    public Task<SqlitePoolIntegrityResult> CheckIntegrityAsync(
        bool quick,
        CancellationToken cancellationToken = default
    ) => _maintenance.CheckIntegrity(quick, cancellationToken);
}
