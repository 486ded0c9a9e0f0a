using System.Data.Common;

namespace Pool.Sqlite;

/// <summary>What ADO.NET's base classes hand over without a type, as the pool's own.</summary>
internal static class PooledParts
{
    /// <exception cref="InvalidCastException">It is another provider's.</exception>
    public static SqlitePoolConnection? Connection(DbConnection? value, string owner) =>
        value switch
        {
            null => null,
            SqlitePoolConnection pooled => pooled,
            _ => throw new InvalidCastException(
                $"A {owner} runs on a SqlitePoolConnection, not on a {value.GetType().Name}."
            ),
        };

    /// <exception cref="InvalidCastException">It is another provider's.</exception>
    public static SqlitePoolTransaction? Transaction(DbTransaction? value, string owner) =>
        value switch
        {
            null => null,
            SqlitePoolTransaction pooled => pooled,
            _ => throw new InvalidCastException(
                $"A {owner} runs in a SqlitePoolTransaction, not in a {value.GetType().Name}."
            ),
        };
}
