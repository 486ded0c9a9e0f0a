namespace Pool.Sqlite.Diagnostics;

/// <summary>The counters at one moment.</summary>
internal sealed record PoolSample(long At, SqlitePoolStatistics Statistics, CacheFigures Cache, TimeSpan Cpu);
