using Microsoft.Data.Sqlite;
using Pool.Sqlite.Configuration;

namespace Pool.Sqlite.Sessions;

/// <summary>What kind of database a connection string names: it decides how many connections can share it.</summary>
internal enum DatabaseKind
{
    File,

    /// <summary>In memory, seen by every connection that names it, gone with the last of them.</summary>
    SharedMemory,

    /// <summary>In memory, seen by one connection alone.</summary>
    PrivateMemory,
}

/// <summary>A connection string, read once.</summary>
internal sealed class DatabaseTarget
{
    private DatabaseTarget(
        string original,
        string poolPart,
        SqliteConnectionStringBuilder builder,
        DatabaseKind kind,
        bool sharesCache
    )
    {
        Kind = kind;
        PoolPart = poolPart;
        SharesCache = sharesCache;
        IsReadOnly =
            builder.Mode == SqliteOpenMode.ReadOnly
            || UriHas(builder.DataSource, "mode=ro")
            || UriHas(builder.DataSource, "immutable=1");
        DataSource = IsUri(builder.DataSource) ? builder.DataSource.Split('?')[0] : builder.DataSource;
        HasOwnVfs = UriParameters(builder.DataSource)
            .Any(static each => each.StartsWith("vfs=", StringComparison.OrdinalIgnoreCase));
        DefaultTimeoutSeconds = builder.DefaultTimeout;

        bool hasSecret = builder.Password.Length > 0 || builder.DataSource != DataSource;

        // Once: the working directory may change, and a pool has one database.
        builder.DataSource = kind == DatabaseKind.File ? FullPath.Of(builder) : builder.DataSource;
        File = kind == DatabaseKind.File ? FullPath.FileOf(builder.DataSource) : null;
        builder.Pooling = false;
        OpenString = builder.ConnectionString;
        builder.Remove("Password");
        builder.DataSource = IsUri(builder.DataSource) ? builder.DataSource.Split('?')[0] : builder.DataSource;
        builder.Remove("Pooling");
        DriverString = builder.ConnectionString;
        builder.DataSource = DataSource;
        PublicString =
            !hasSecret ? original
            : poolPart.Length == 0 ? builder.ConnectionString
            : $"{builder.ConnectionString};{poolPart}";
    }

    public DatabaseKind Kind { get; }

    /// <summary>The pool's own keys of the connection string, which the driver does not know.</summary>
    public string PoolPart { get; }

    /// <summary>True when SQLite's shared cache was asked for.</summary>
    public bool SharesCache { get; }

    public bool IsReadOnly { get; }

    /// <summary>
    /// True when a URI names the file system to be used, so that there need not be a file of that name.
    /// </summary>
    public bool HasOwnVfs { get; }

    /// <summary>The full path of the file; null in memory.</summary>
    public string? File { get; }

    /// <summary>The file or memory name, without the parameters of a URI: those can hold a key.</summary>
    public string DataSource { get; }

    /// <summary><c>Default Timeout</c>: 30 unless the string says otherwise.</summary>
    public int DefaultTimeoutSeconds { get; }

    /// <summary>What the driver opens. It can hold a password: not for messages.</summary>
    public string OpenString { get; }

    /// <summary>The connection string without a password, the pool's own keys included.</summary>
    public string PublicString { get; }

    /// <summary>The driver's part of the connection string, without a password.</summary>
    public string DriverString { get; }

    /// <summary>What SQLite shares a memory database by, however its connection string spells it.</summary>
    public string MemoryName => IsUri(DataSource) ? DataSource["file:".Length..] : DataSource;

    public string DefaultName => Kind == DatabaseKind.File ? Path.GetFileName(DataSource) : DataSource;

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
            || UriHas(source, "mode=memory")
            || UriHas(source, "vfs=memdb");

        // The driver passes Cache=Shared on, but SQLite ignores it for a plain ":memory:".
        bool sharesCache =
            UriHas(source, "cache=shared")
            || (
                builder.Cache == SqliteCacheMode.Shared
                && (!inMemory || IsUri(source) || builder.Mode == SqliteOpenMode.Memory)
            );

        // Without a name there is nothing to share it by. The memdb file system shares what has a name that begins with
        // a slash.
        bool hasName = source.Split('?')[0] is not ("" or "file:");
        bool isShared =
            sharesCache
            || (UriHas(source, "vfs=memdb") && source.StartsWith("file:/", StringComparison.OrdinalIgnoreCase));
        DatabaseKind kind =
            !inMemory ? DatabaseKind.File
            : isShared && hasName ? DatabaseKind.SharedMemory
            : DatabaseKind.PrivateMemory;
        return new DatabaseTarget(connectionString, poolPart, builder, kind, sharesCache);
    }

    private static bool IsUri(string source) => source.StartsWith("file:", StringComparison.OrdinalIgnoreCase);

    private static bool UriHas(string source, string parameter) =>
        UriParameters(source).Contains(parameter, StringComparer.OrdinalIgnoreCase);

    private static string[] UriParameters(string source) =>
        IsUri(source) && source.Split('?', 2) is [_, string query] ? query.Split('&') : [];
}
