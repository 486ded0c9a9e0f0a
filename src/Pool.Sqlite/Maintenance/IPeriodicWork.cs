namespace Pool.Sqlite.Maintenance;

/// <summary>Work that a <see cref="SharedTimer"/> calls.</summary>
internal interface IPeriodicWork
{
    /// <summary>One round. Must not throw.</summary>
    /// <returns>False when there is nothing to be done any more.</returns>
    bool Run();
}
