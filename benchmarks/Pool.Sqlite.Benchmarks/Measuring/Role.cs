namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>The part that a contestant plays.</summary>
internal enum Role
{
    /// <summary>This pool, by plain leases.</summary>
    Pool,

    /// <summary>This pool's write queue.</summary>
    Queue,

    /// <summary>The pool inside Microsoft.Data.Sqlite.</summary>
    Driver,

    /// <summary>No pool: every operation opens and closes the file.</summary>
    Unpooled,

    /// <summary>A yardstick: the least that this kind of work can cost.</summary>
    Floor,
}
