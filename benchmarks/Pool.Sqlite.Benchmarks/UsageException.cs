namespace Pool.Sqlite.Benchmarks;

/// <summary>The input was wrong. The message is one line for the user: what was wrong, and what to write
/// instead.</summary>
internal sealed class UsageException(string message) : Exception(message);
