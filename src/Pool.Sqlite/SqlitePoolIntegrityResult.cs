namespace Pool.Sqlite;

/// <summary>The outcome of <see cref="SqlitePool.CheckIntegrityAsync(bool, CancellationToken)"/>.</summary>
/// <param name="Findings">
/// The faults that were found, a sentence each, at most a hundred of a kind. Empty when there are none.
/// </param>
public sealed record SqlitePoolIntegrityResult(IReadOnlyList<string> Findings)
{
    /// <summary>True when nothing was found.</summary>
    public bool IsOk => Findings.Count == 0;
}
