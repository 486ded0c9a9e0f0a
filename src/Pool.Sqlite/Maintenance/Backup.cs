using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>
/// Copies a database page by page, in one read transaction: others may write meanwhile, and it need not begin anew.
/// </summary>
internal sealed class Backup
{
    private readonly PhysicalConnection _from;
    private readonly string _path;
    private readonly string _connectionString;

    /// <exception cref="ArgumentException">
    /// The path is no place for a copy: one of the pool's own files, or a folder.
    /// </exception>
    public Backup(PhysicalConnection from, DatabaseTarget target, string path)
    {
        _from = from;
        _path = BackupPath.Check(path, raw.sqlite3_db_filename(from.Handle, "main").utf8_to_string());

        // The same password, so that what is encrypted stays so.
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            Pooling = false,
            Password = new SqliteConnectionStringBuilder(target.OpenString).Password,
        }.ToString();
    }

    /// <exception cref="SqliteException">SQLite cannot.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Run(IProgress<BackupProgress>? progress, CancellationToken cancellationToken)
    {
        bool isNew = !File.Exists(_path);
        bool done = false;
        _from.IsTouched = true;
        _from.BeginSnapshot();
        NativeSql.Scalar(_from.Handle, "PRAGMA schema_version");
        try
        {
            using SqliteConnection to = new(_connectionString);
            CheckpointOnClose.OpenWithout(to);
            PageCopy.Run(_from.Handle, to.Handle!, progress, lockWait: TimeSpan.Zero, cancellationToken);
            CheckpointOnClose.Allow(to.Handle!);
            done = true;
        }
        finally
        {
            if (isNew && !done)
            {
                File.Delete(_path);
            }
        }
    }
}
