namespace Pool.Sqlite;

/// <summary>How far a checkpoint goes; the words are SQLite's.</summary>
public enum CheckpointMode
{
    /// <summary>Moves what it can without being in anybody's way.</summary>
    Passive = 0,

    /// <summary>Moves everything, once no reader needs an older state.</summary>
    Full = 1,

    /// <summary>As <see cref="Full"/>; and the next write begins the WAL from its start.</summary>
    Restart = 2,

    /// <summary>As <see cref="Restart"/>; and the WAL file is cut to nothing.</summary>
    Truncate = 3,
}

/// <summary>What a checkpoint came to.</summary>
/// <param name="Completed">False when readers or other processes were in the way until the time was up.</param>
/// <param name="WalFrames">Pages in the WAL; 0 after <see cref="CheckpointMode.Truncate"/>, or without a WAL.</param>
/// <param name="CheckpointedFrames">How many of them are in the database file now.</param>
public readonly record struct CheckpointResult(bool Completed, int WalFrames, int CheckpointedFrames);

/// <summary>How far a backup is.</summary>
/// <param name="PagesDone">Pages copied.</param>
/// <param name="PagesTotal">Pages to copy.</param>
public readonly record struct BackupProgress(int PagesDone, int PagesTotal);
