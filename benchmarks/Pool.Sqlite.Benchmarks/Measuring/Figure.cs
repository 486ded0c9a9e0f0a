namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>What of a contestant's result is looked at.</summary>
internal enum Figure
{
    /// <summary>Operations a second.</summary>
    Rate,

    /// <summary>Wall time divided by the operations of all threads.</summary>
    Time,

    /// <summary>The longest single operation of all rounds.</summary>
    Worst,

    /// <summary>Managed memory allocated by one operation.</summary>
    Bytes,
}
