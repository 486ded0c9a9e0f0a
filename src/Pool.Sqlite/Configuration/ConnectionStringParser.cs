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
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new ArgumentException("ConnectionString is empty. Write at least \"Data Source=app.db\".");
        }

        SqliteConnectionStringBuilder builder;
        string poolPart;
        try
        {
            (string driverPart, poolPart) = ConnectionStringKeys.Split(connectionString);
            builder = new SqliteConnectionStringBuilder(driverPart);
        }
        catch (OverflowException e)
        {
            throw new ArgumentException(
                "ConnectionString has a number that is too large. Default Timeout is in whole seconds, from 0 (for ever) to 2147483647.",
                e
            );
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException)
        {
            throw new ArgumentException(
                $"ConnectionString is not one that the pool and Microsoft.Data.Sqlite understand: {e.Message} Write, for example, "
                    + "\"Data Source=app.db\".",
                e
            );
        }

        if (builder.DefaultTimeout < 0)
        {
            throw new ArgumentException(
                $"ConnectionString has Default Timeout={builder.DefaultTimeout}. Allowed: whole seconds, 0 for no limit."
            );
        }

        string source = builder.DataSource;
        if (source.Length == 0 && builder.Mode != SqliteOpenMode.Memory)
        {
            throw new ArgumentException(
                "ConnectionString has no Data Source. Write \"Data Source=app.db\" for a file, or "
                    + "\"Data Source=app;Mode=Memory;Cache=Shared\" for a database in memory."
            );
        }

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
