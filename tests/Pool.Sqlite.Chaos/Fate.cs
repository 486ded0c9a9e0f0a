namespace Pool.Sqlite.Chaos;

/// <summary>What is known of a write.</summary>
internal enum Fate
{
    /// <summary>It has begun, or failed in a way that leaves open whether it is stored.</summary>
    Unknown,

    /// <summary>The caller was told that it is stored.</summary>
    Acknowledged,

    /// <summary>It was rolled back, or never run: it must not be there.</summary>
    Refused,
}
