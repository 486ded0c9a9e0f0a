namespace Pool.Sqlite.Chaos;

/// <summary>How long, from which seed, and where.</summary>
/// <param name="Seed">Decides the settings, the actions and the disturbances; not how the threads run.</param>
/// <param name="Length">How long new actions are begun.</param>
/// <param name="Folder">An empty folder for the database.</param>
/// <param name="Output">Told of each round, and of what went wrong.</param>
public sealed record ChaosOptions(int Seed, TimeSpan Length, string Folder, TextWriter Output)
{
    /// <summary>The setting of every round; by default each round has its own.</summary>
    public SynchronousMode? Synchronous { get; init; }

    /// <summary>True to have the disk fail in every round, not in some.</summary>
    public bool DiskFaults { get; init; }
}
