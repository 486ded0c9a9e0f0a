namespace Pool.Sqlite.Diagnostics;

/// <summary>What had been counted at one moment.</summary>
internal sealed record PoolSample(long At, SqlitePoolStatistics Statistics, CacheFigures Cache, TimeSpan Cpu);
