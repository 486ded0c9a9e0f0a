using Microsoft.Data.Sqlite;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Writing;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// A file that a database is to be restored from: open, checked to be an intact database, and kept as it is by a read
/// transaction until it is disposed.
/// </summary>
internal sealed class RestoreSource : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly ExecutionInterrupt _interrupt = new();
    private readonly SqlitePoolOptions _options;

    // For writing too, so that SQLite can roll back what a crash has left, and takes away the files that it needs
    // beside a WAL.
    private RestoreSource(string dataSource, string password, SqlitePoolOptions options)
    {
        _options = options;
        _connection = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = dataSource,
                Mode = SqliteOpenMode.ReadWrite,
                Pooling = false,
                Password = password,
            }.ToString()
        );
    }

    public sqlite3 Handle => _connection.Handle!;

    /// <summary>Opens the file and checks it. The database itself is not touched.</summary>
    /// <param name="path">As the caller has it.</param>
    /// <param name="target">The database that is to be restored.</param>
    /// <param name="options">How its connections are opened.</param>
    /// <param name="cancellationToken">Stops the check.</param>
    /// <exception cref="ArgumentException">
    /// It is one of the database's own files, by whatever name, or a folder.
    /// </exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="SqliteException">
    /// It is no database, is damaged, has another format, or cannot be read.
    /// </exception>
    public static RestoreSource Open(
        string path,
        DatabaseTarget target,
        SqlitePoolOptions options,
        CancellationToken cancellationToken
    )
    {
        string full = Find(path, target);
        string password = new SqliteConnectionStringBuilder(target.OpenString).Password;
        RestoreSource source = new(full, password, options);
        try
        {
            if (!source.TryBegin(full, cancellationToken))
            {
                source.Dispose();
                source = new RestoreSource(FullPath.ImmutableUri(full), password, options);
                source.Begin(cancellationToken);
            }

            source.Check(Pragma.List(options, target), cancellationToken);
            return source;
        }
        catch (SqliteException e)
        {
            source.Dispose();
            throw new SqliteException(
                $"The backup '{path}' cannot be restored, and nothing was changed. {e.Message}",
                e.SqliteErrorCode,
                e.SqliteExtendedErrorCode
            );
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    public void Dispose() => _connection.Dispose();

    private static string Find(string path, DatabaseTarget target)
    {
        string full = BackupPath.ThroughLinks(path);
        if (Directory.Exists(full))
        {
            throw new ArgumentException($"'{path}' is a folder. Name the backup file in it.", nameof(path));
        }

        if (!File.Exists(full))
        {
            throw new FileNotFoundException($"The backup '{path}' does not exist. Nothing was changed.", path);
        }

        return target.File is { } own && BackupPath.IsOwn(full, BackupPath.ThroughLinks(own))
            ? throw new ArgumentException(
                $"'{path}' is the pool's own database, or a file that belongs to it. Name the backup to restore from.",
                nameof(path)
            )
            : full;
    }

    // A WAL cannot be read without an index beside it, which cannot be made where the folder may not be written.
    // Without a journal or a WAL that has anything, the file alone is all there is.
    private bool TryBegin(string file, CancellationToken cancellationToken)
    {
        try
        {
            Begin(cancellationToken);
            return true;
        }
        catch (SqliteException e)
            when (e.SqliteErrorCode is raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY
                && !HasAny(file + "-wal")
                && !HasAny(file + "-journal")
            )
        {
            return false;
        }
    }

    private static bool HasAny(string file) => new FileInfo(file) is { Exists: true, Length: > 0 };

    private void Begin(CancellationToken cancellationToken)
    {
        CheckpointOnClose.OpenWithout(_connection);
        _interrupt.Attach(Handle);
        _ = raw.sqlite3_busy_timeout(Handle, 0);
        string trusted = _options.Untrusted ? "OFF" : "ON";
        string[] pragmas =
        [
            $"trusted_schema={trusted}",
            "cell_size_check=ON",
            "mmap_size=0",
            "ignore_check_constraints=ON",
            "query_only=ON",
        ];
        foreach (string pragma in pragmas)
        {
            NativeSql.Scalar(Handle, $"PRAGMA {pragma}");
        }

        NativeSql.Scalar(Handle, "BEGIN");
        NativeSql.ScalarOnceUnlocked(Handle, "PRAGMA schema_version", _options.Pragmas.BusyTimeout, cancellationToken);
        CheckpointOnClose.Allow(Handle);
    }

    private void Check(IReadOnlyList<Pragma> pragmas, CancellationToken cancellationToken)
    {
        if (NativeSql.Scalar(Handle, "PRAGMA page_count") is null or "0")
        {
            throw new SqliteException("It is empty.", raw.SQLITE_NOTADB);
        }

        string? finding = StoppableWork.Run(_interrupt, FindDamage, cancellationToken);
        if (finding != "ok")
        {
            throw new SqliteException($"It is damaged: {finding}.", raw.SQLITE_CORRUPT);
        }

        foreach (Pragma format in pragmas.Where(static pragma => pragma.FixesFormat))
        {
            if (NativeSql.Scalar(Handle, format.Get) is { } actual && !format.IsReadAs(actual))
            {
                throw new SqliteException(
                    $"It has {format.Name}={actual}, and Pragmas.Additional asks for {format.Value}: no connection could be opened "
                        + "to it.",
                    raw.SQLITE_MISMATCH
                );
            }
        }
    }

    private string? FindDamage()
    {
        const string Check = "PRAGMA integrity_check(1)";
        try
        {
            return NativeSql.Scalar(Handle, Check);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_ERROR && _options.ConnectionOpened is not null)
        {
            // An index can need a collation or a function of the application.
            UserCallback.Run(_options.ConnectionOpened, _connection);
            return NativeSql.Scalar(Handle, Check);
        }
    }
}
