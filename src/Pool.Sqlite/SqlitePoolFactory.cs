using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

/// <summary>
/// Makes pooled connections, commands and parameters for code that knows only <see cref="DbProviderFactory"/>. A
/// connection made here rents from a pool with default settings, one for each connection string in the process.
/// </summary>
public sealed class SqlitePoolFactory : DbProviderFactory
{
    /// <summary>The only instance.</summary>
    public static readonly SqlitePoolFactory Instance = new();

    private static readonly ConcurrentDictionary<string, SqlitePool> Pools = new(StringComparer.Ordinal);

    private SqlitePoolFactory() { }

    /// <summary>Closes the pools that were made for connection strings; the next use makes new ones.</summary>
    public static void ClosePools()
    {
        foreach (string connectionString in Pools.Keys)
        {
            if (Pools.TryRemove(connectionString, out SqlitePool? pool))
            {
                pool.Dispose();
            }
        }
    }

    /// <summary>A connection that is closed; set its connection string before opening it.</summary>
    public override DbConnection CreateConnection() => new SqlitePoolConnection();

    /// <inheritdoc/>
    public override DbCommand CreateCommand() => new SqlitePoolCommand();

    /// <inheritdoc/>
    public override DbParameter CreateParameter() => new SqliteParameter();

    /// <summary>
    /// One that takes the pool's keys as well as the driver's; what is unknown is said when the string is used.
    /// </summary>
    public override DbConnectionStringBuilder CreateConnectionStringBuilder() => new();

    /// <summary>A pool of one's own, to be disposed by the caller.</summary>
    /// <param name="connectionString">What to connect to.</param>
    public override DbDataSource CreateDataSource(string connectionString) => new SqlitePool(connectionString);

    internal static SqlitePool PoolFor(string connectionString)
    {
        if (Pools.TryGetValue(connectionString, out SqlitePool? known))
        {
            return known;
        }

        SqlitePool fresh = new(connectionString) { IsOfFactory = true };
        SqlitePool kept = Pools.GetOrAdd(connectionString, fresh);
        if (!ReferenceEquals(kept, fresh))
        {
            fresh.Dispose();
        }

        return kept;
    }
}
