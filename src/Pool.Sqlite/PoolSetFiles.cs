using Microsoft.Data.Sqlite;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <summary>The files of a <see cref="SqlitePoolSet"/>: which one a key names, and which there are.</summary>
internal sealed class PoolSetFiles(SqlitePoolSetOptions options)
{
    // Once: the working directory may change.
    private readonly string? _folder = string.IsNullOrWhiteSpace(options.Folder)
        ? null
        : Path.GetFullPath(options.Folder);

    /// <summary>The full path of the database of a key.</summary>
    /// <exception cref="InvalidOperationException">
    /// The naming function has answered something else than a file for the key.
    /// </exception>
    public string PathOf(string key)
    {
        if (options.FileName is not { } fileName)
        {
            return Path.Combine(_folder!, key + options.Extension);
        }

        string? name = fileName(key);
        if (MistakenName.IsConnectionString(name))
        {
            throw new InvalidOperationException(
                $"FileName has answered a connection string for the key '{key}'. Answer the path of a file only; the rest belongs into "
                    + "Pool.ConnectionString."
            );
        }

        if (
            string.IsNullOrWhiteSpace(name)
            || Path.EndsInDirectorySeparator(name)
            || name.Contains('\0', StringComparison.Ordinal)
        )
        {
            throw new InvalidOperationException(
                $"FileName has answered '{name}' for the key '{key}', which is not " + $"the path of a file."
            );
        }

        string path = _folder is null ? Path.GetFullPath(name) : Path.GetFullPath(name, _folder);
        return
            _folder is null
            || path.StartsWith(
                Path.TrimEndingDirectorySeparator(_folder) + Path.DirectorySeparatorChar,
                StringComparison.Ordinal
            )
            ? path
            : throw new InvalidOperationException(
                $"FileName has answered '{name}' for the key '{key}', which is outside of Folder. Leave Folder out "
                    + $"to allow any path."
            );
    }

    /// <summary>The settings of one pool.</summary>
    public SqlitePoolOptions OptionsFor(string key)
    {
        string path = PathOf(key);
        SqlitePoolOptions pool = options.Pool.Clone();
        pool.ConnectionString = SetOptionsCheck.WithFile(pool.ConnectionString, path);
        pool.Name = string.IsNullOrWhiteSpace(pool.Name) ? key : $"{pool.Name}/{key}";
        options.Configure?.Invoke(key, pool);
        if (ConnectionStringParser.Parse(pool.ConnectionString).File != path)
        {
            throw new InvalidOperationException(
                $"Configure has changed the Data Source of the key '{key}'. Set " + $"FileName instead."
            );
        }

        MakeFolder(pool.ConnectionString, path);
        return pool;
    }

    /// <summary>The keys of all databases.</summary>
    public IReadOnlyList<string> FindKeys()
    {
        if (options.ListKeys is { } list)
        {
            return [.. list()];
        }

        if (options.FileName is not null)
        {
            throw new InvalidOperationException(
                "The databases are named by FileName, so their keys cannot be read from the files. Set ListKeys to "
                    + "a function that "
                    + "gives all keys, or pass the keys to ForEachAsync."
            );
        }

        return !Directory.Exists(_folder)
            ? []
            :
            [
                .. Directory
                    .EnumerateFiles(_folder)
                    .Select(Path.GetFileName)
                    .Where(name => name!.EndsWith(options.Extension, StringComparison.Ordinal))
                    .Select(name => name![..^options.Extension.Length])
                    .Where(static key => DatabaseKey.WhyNot(key) is null)
                    .Order(StringComparer.Ordinal),
            ];
    }

    // SQLite makes a file, but not its folder.
    private static void MakeFolder(string connectionString, string path)
    {
        if (
            new SqliteConnectionStringBuilder(ConnectionStringKeys.Split(connectionString, []).Driver).Mode
            == SqliteOpenMode.ReadWriteCreate
        )
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
    }
}
