using Microsoft.Data.Sqlite;

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
    public DatabaseTarget(
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
            || FileUri.Has(builder.DataSource, "mode=ro")
            || FileUri.Has(builder.DataSource, "immutable=1");
        DataSource = FileUri.Is(builder.DataSource) ? builder.DataSource.Split('?')[0] : builder.DataSource;
        CreatesFile =
            !IsReadOnly && builder.Mode != SqliteOpenMode.ReadWrite && !FileUri.Has(builder.DataSource, "mode=rw");
        HasOwnVfs = FileUri
            .Parameters(builder.DataSource)
            .Any(static each => each.StartsWith("vfs=", StringComparison.OrdinalIgnoreCase));
        DefaultTimeoutSeconds = builder.DefaultTimeout;

        HasPassword = builder.Password.Length > 0;
        bool hasSecret = HasPassword || builder.DataSource != DataSource;

        // Once: the working directory may change, and a pool has one database.
        builder.DataSource = kind == DatabaseKind.File ? FullPath.Of(builder) : builder.DataSource;
        File = kind == DatabaseKind.File ? FullPath.FileOf(builder.DataSource) : null;
        builder.Pooling = false;
        OpenString = builder.ConnectionString;
        builder.Remove("Password");
        builder.DataSource = FileUri.Is(builder.DataSource) ? builder.DataSource.Split('?')[0] : builder.DataSource;
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

    /// <summary>True when a file that does not exist is made.</summary>
    public bool CreatesFile { get; }

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

    public bool HasPassword { get; }

    /// <summary>What the driver opens. It can hold a password: not for messages.</summary>
    public string OpenString { get; }

    /// <summary>The connection string without a password, the pool's own keys included.</summary>
    public string PublicString { get; }

    /// <summary>The driver's part of the connection string, without a password.</summary>
    public string DriverString { get; }

    /// <summary>What SQLite shares a memory database by, however its connection string spells it.</summary>
    public string MemoryName => FileUri.Is(DataSource) ? DataSource["file:".Length..] : DataSource;

    public string DefaultName => Kind == DatabaseKind.File ? Path.GetFileName(DataSource) : DataSource;
}
