using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Finds out what a lease has changed through the driver's own object, where no statement shows it. SQLite tells: it
/// lists its functions and collations, and prepares every statement anew after one of them was replaced.
/// </summary>
internal sealed class Exposure : IDisposable
{
    private const string List =
        "SELECT (SELECT group_concat(name || narg || builtin || type || enc) FROM pragma_function_list)"
        + " || (SELECT group_concat(name) FROM pragma_collation_list)";

    // sqlite3.h: SQLITE_STMTSTATUS_REPREPARE.
    private const int TimesPreparedAnew = 5;

    private readonly SqliteConnection _driver;
    private readonly sqlite3 _handle;
    private readonly string _functions;
    private readonly int _defaultTimeout;
    private readonly bool _loadsExtensions;
    private readonly bool _loadsExtensionsBySql;

    /// <summary>Notes how things are, before the driver's object is handed out for the first time.</summary>
    public Exposure(SqliteConnection driver)
    {
        _driver = driver;
        _handle = driver.Handle!;
        _functions = NativeSql.Scalar(_handle, List) ?? "";
        _defaultTimeout = driver.DefaultTimeout;
        _loadsExtensions = LoadsExtensions();
        _loadsExtensionsBySql = LoadsExtensionsBySql();
        _ = raw.sqlite3_prepare_v2(_handle, "SELECT 1", out sqlite3_stmt sentinel);
        Sentinel = sentinel;
    }

    /// <summary>The statement by which replacements are noticed.</summary>
    public sqlite3_stmt Sentinel { get; }

    /// <summary>A lease gets the driver's object.</summary>
    public void Begin() => _ = SentinelWasPreparedAnew();

    /// <summary>
    /// The lease is back: makes it so again. False when functions or collations were registered or replaced: those of
    /// before cannot be had back.
    /// </summary>
    public bool TryEnd()
    {
        _driver.DefaultTimeout = _defaultTimeout;
        if (LoadsExtensions() != _loadsExtensions || LoadsExtensionsBySql() != _loadsExtensionsBySql)
        {
            // Both halves at once, and then the one that can be had alone: some engines begin with that.
            _driver.EnableExtensions(_loadsExtensionsBySql);
            _ = raw.sqlite3_db_config(
                _handle,
                raw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
                _loadsExtensions ? 1 : 0,
                out _
            );
        }

        return !SentinelWasPreparedAnew() && NativeSql.Scalar(_handle, List) == _functions;
    }

    public void Dispose() => Sentinel.Dispose();

    private bool SentinelWasPreparedAnew()
    {
        _ = raw.sqlite3_step(Sentinel);
        _ = raw.sqlite3_reset(Sentinel);
        return raw.sqlite3_stmt_status(Sentinel, TimesPreparedAnew, 1) > 0;
    }

    private bool LoadsExtensions()
    {
        _ = raw.sqlite3_db_config(_handle, raw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, out int loads);
        return loads != 0;
    }

    // Without a name the function loads nothing; where it is not allowed it fails.
    private bool LoadsExtensionsBySql()
    {
        if (raw.sqlite3_prepare_v2(_handle, "SELECT load_extension(NULL)", out sqlite3_stmt statement) != raw.SQLITE_OK)
        {
            return false;
        }

        using (statement)
        {
            return raw.sqlite3_step(statement) == raw.SQLITE_ROW;
        }
    }
}
