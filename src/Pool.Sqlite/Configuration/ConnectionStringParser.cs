using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Configuration;

/// <summary>Reads which database a connection string names, and takes the pool's own keys out of it.</summary>
internal static class ConnectionStringParser
{
    /// <exception cref="ArgumentException">
    /// Neither driver nor pool understands the string, or it names nothing.
    /// </exception>
    public static DatabaseTarget Parse(string? connectionString)
    {
        List<string> errors = [];
        return Find(connectionString, errors) ?? throw new ArgumentException(string.Join(Environment.NewLine, errors));
    }

    /// <summary>
    /// As <see cref="Parse"/>, but adds what is wrong to <paramref name="errors"/>, and then returns null.
    /// </summary>
    public static DatabaseTarget? Find(string? connectionString, List<string> errors)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            errors.Add("ConnectionString is empty. Write at least \"Data Source=app.db\".");
            return null;
        }

        List<string> wrong = [];
        SqliteConnectionStringBuilder? builder = null;
        string poolPart = "";
        try
        {
            (string driverPart, poolPart) = ConnectionStringKeys.Split(connectionString, wrong);
            builder = wrong.Count == 0 ? new SqliteConnectionStringBuilder(driverPart) : null;
        }
        catch (ArgumentException e)
        {
            wrong.Add(ConnectionStringKeys.NotUnderstood(e.Message));
        }

        if (builder is { DataSource.Length: 0, Mode: not SqliteOpenMode.Memory })
        {
            wrong.Add(
                "ConnectionString has no Data Source. Write \"Data Source=app.db\" for a file, or "
                    + "\"Data Source=app;Mode=Memory;Cache=Shared\" for a database in memory."
            );
        }

        errors.AddRange(wrong);
        return builder is null || wrong.Count > 0 ? null : TargetOf(connectionString, poolPart, builder);
    }

    private static DatabaseTarget TargetOf(
        string connectionString,
        string poolPart,
        SqliteConnectionStringBuilder builder
    )
    {
        string source = builder.DataSource;
        bool inMemory =
            builder.Mode == SqliteOpenMode.Memory
            || source == ":memory:"
            || source.StartsWith("file::memory:", StringComparison.OrdinalIgnoreCase)
            || FileUri.Has(source, "mode=memory")
            || FileUri.Has(source, "vfs=memdb");

        // The driver passes Cache=Shared on, but SQLite ignores it for a plain ":memory:".
        bool sharesCache =
            FileUri.Has(source, "cache=shared")
            || (
                builder.Cache == SqliteCacheMode.Shared
                && (!inMemory || FileUri.Is(source) || builder.Mode == SqliteOpenMode.Memory)
            );

        // Without a name there is nothing to share it by. The memdb file system shares what has a name that begins with
        // a slash.
        bool hasName = source.Split('?')[0] is not ("" or "file:");
        bool isShared =
            sharesCache
            || (FileUri.Has(source, "vfs=memdb") && source.StartsWith("file:/", StringComparison.OrdinalIgnoreCase));
        DatabaseKind kind =
            !inMemory ? DatabaseKind.File
            : isShared && hasName ? DatabaseKind.SharedMemory
            : DatabaseKind.PrivateMemory;
        return new DatabaseTarget(connectionString, poolPart, builder, kind, sharesCache);
    }
}
