namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>Hits and misses of SQLite's page caches.</summary>
/// <param name="Hits">Pages that were there.</param>
/// <param name="Misses">Pages that were read from the file.</param>
/// <param name="Fullest">How full the fullest of them was, 1 being all that <c>cache_size</c> allows.</param>
internal readonly record struct CacheFigures(long Hits, long Misses, double Fullest);
