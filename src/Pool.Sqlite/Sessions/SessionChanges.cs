namespace Pool.Sqlite.Sessions;

/// <summary>What a lease has done to its connection that outlasts the lease.</summary>
[Flags]
internal enum SessionChanges
{
    None = 0,

    /// <summary>A PRAGMA whose value is known: it can be put right.</summary>
    OwnPragma = 1,

    /// <summary>Another PRAGMA was given a value: what it was before is not known.</summary>
    ForeignPragma = 2,

    /// <summary>A database was attached or detached.</summary>
    Attachment = 4,

    /// <summary>Something was made in the temp database.</summary>
    TempObject = 8,
}
