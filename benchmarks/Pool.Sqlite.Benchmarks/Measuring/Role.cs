namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>Who is measured.</summary>
internal enum Role
{
    /// <summary>A yardstick: the least that this kind of work can cost.</summary>
    Floor,
    Unpooled,
    DriverPool,
    ThisPool,
    ThisPoolAsync,
    ThisPoolTenLeases,
    ThisPoolWritten,
    ThisPoolMetered,
}
