namespace Pool.Sqlite;

/// <summary>What a lease may do.</summary>
public enum SqlitePoolConnectionRole
{
    /// <summary>Read and write; what writes takes the write gate for as long as it writes.</summary>
    ReadWrite,

    /// <summary>Read, in one snapshot from the first statement to the return.</summary>
    Reader,

    /// <summary>Read and write, with the write gate held from the rent to the return.</summary>
    Writer,
}
