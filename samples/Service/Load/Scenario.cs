using Pool.Sqlite;

namespace Service.Load;

/// <summary>One way of loading a pool, and what must come of it (times may follow).</summary>
internal sealed record Scenario(string Name, string Expected, Func<SqlitePool, Task<string>> RunAsync)
{
    /// <summary>Changes what is not usual about the pool: 20 connections, 40 more when they are all out.</summary>
    public Action<SqlitePoolOptions> Configure { get; init; } = static _ => { };
}
