namespace Pool.Sqlite.Writing;

/// <summary>
/// Makes durable what a WAL holds, and does not believe a sync that succeeds after one that failed: the operating
/// system may have given up the pages that it could not write, and calls them clean. What was written later comes
/// behind them in the WAL, and after a power failure SQLite reads that only up to the first frame that is missing. So
/// every sync fails until the WAL has begun anew, with all of it in the database file.
/// </summary>
/// <param name="path">Of the WAL.</param>
/// <param name="flush">Makes the file durable; a test passes a disk of its own.</param>
internal sealed class WalSyncer(string path, Action? flush = null)
{
    private readonly Action _flush = flush ?? (() => WalFile.Sync(path));
    private Exception? _failure;

    public string Path => path;

    /// <summary>True from a sync that failed until <see cref="BeginAnew"/>.</summary>
    public bool IsSuspect => Volatile.Read(ref _failure) is not null;

    /// <summary>
    /// All that the WAL held is in the database file, and durable there; the next frame is its first.
    /// </summary>
    public void BeginAnew() => Volatile.Write(ref _failure, null);

    /// <summary>Makes durable everything that was written before the call.</summary>
    /// <exception cref="IOException">The disk refuses, or has refused what comes before in the WAL.</exception>
    public void Sync()
    {
        try
        {
            _flush();
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failure, e);
            throw;
        }

        if (Volatile.Read(ref _failure) is not { } failure)
        {
            return;
        }

        // The last connection has moved everything and deleted the file.
        if (!File.Exists(path))
        {
            BeginAnew();
            return;
        }

        throw new IOException(
            $"An earlier sync failed ({failure.Message}), and this write lies behind what it was to make durable, until a checkpoint "
                + "completes.",
            failure
        );
    }
}
