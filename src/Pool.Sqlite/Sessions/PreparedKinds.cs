namespace Pool.Sqlite.Sessions;

/// <summary>What the statements of one text are about, as far as it decides how they are handled.</summary>
[Flags]
internal enum PreparedKinds
{
    None = 0,
    Transaction = 1,
    Pragma = 2,
    Attachment = 4,
    Schema = 8,

    /// <summary>A ROLLBACK of the whole transaction.</summary>
    Rollback = 16,

    /// <summary>A PRAGMA that only asks: SQLite takes some of these for writes.</summary>
    Question = 32,

    /// <summary>A PRAGMA that writes although SQLite calls its statement read-only.</summary>
    WritingPragma = 64,

    /// <summary><c>PRAGMA wal_checkpoint</c>.</summary>
    Checkpoint = 128,

    /// <summary>COMMIT, END or RELEASE.</summary>
    Commit = 256,
}
