using System.Globalization;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Notes what statements would change in the session, from the only source that cannot be fooled by the look of their
/// text: the authorizer, which SQLite asks while it prepares them.
/// </summary>
internal sealed class StatementAuthorizer(IEnumerable<Pragma> ownPragmas)
{
    // Those that take an argument and only answer a question.
    private static readonly HashSet<string> Questions = new(StringComparer.OrdinalIgnoreCase)
    {
        "table_info",
        "table_xinfo",
        "table_list",
        "index_info",
        "index_xinfo",
        "index_list",
        "foreign_key_list",
        "foreign_key_check",
        "integrity_check",
        "quick_check",
        "optimize",
        "wal_checkpoint",
        "incremental_vacuum",
    };

    // Those that change what is in the file, and so not the session, if it is the file of the pool.
    private static readonly HashSet<string> InFile = new(StringComparer.OrdinalIgnoreCase)
    {
        "user_version",
        "application_id",
        "page_size",
        "auto_vacuum",
        "encoding",
    };

    private readonly List<Pragma> _touched = [];

    private Dictionary<string, Pragma> _known = ownPragmas
        .DistinctBy(static pragma => pragma.Name, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(static pragma => pragma.Name, StringComparer.OrdinalIgnoreCase);

    private readonly HashSet<string> _written = new(StringComparer.OrdinalIgnoreCase);
    private bool _isOwnPrepare;
    private WeakReference<sqlite3>? _database;
    private bool _waitsNatively;

    public SessionChanges Changes { get; private set; }

    /// <summary>True when the lease has chosen <c>synchronous</c> itself.</summary>
    public bool HasOwnSynchronous { get; private set; }

    /// <summary>What was prepared since <see cref="BeginPrepare"/>.</summary>
    public PreparedKinds Prepared { get; private set; }

    /// <summary>True while nothing may be prepared.</summary>
    public bool RefusesAll { get; set; }

    /// <summary>Starts to note; SQLite then calls for everything that is prepared on this connection.</summary>
    public void Attach(sqlite3 database)
    {
        _database = new WeakReference<sqlite3>(database);
        _ = raw.sqlite3_busy_timeout(database, 0);
        raw.sqlite3_set_authorizer(database, OnPrepare, this);
    }

    /// <summary>
    /// How long statements of this connection wait for the locks of others, in milliseconds. SQLite is not told: the
    /// pool does the waiting. Yet <c>PRAGMA busy_timeout</c> answers it, and sets it until the lease ends.
    /// </summary>
    public int BusyTimeoutMilliseconds { get; set; }

    /// <summary>
    /// Makes sure that SQLite itself does not wait, after what may have been prepared without the pool.
    /// </summary>
    public void StopNativeWaiting()
    {
        if (_waitsNatively && _database!.TryGetTarget(out sqlite3? database))
        {
            _waitsNatively = false;
            _ = raw.sqlite3_busy_timeout(database, 0);
        }
    }

    /// <summary>
    /// Set while an item of the write queue runs on the connection: what would begin or end a transaction is refused,
    /// also on the driver's own object, and everything once SQLite has rolled the transaction back by itself. (Not kept
    /// longer: SQLite keeps this object alive, and a forgotten connection must be found by its finalizer.)
    /// </summary>
    public sqlite3? Guarded { get; set; }

    /// <summary>The pool prepares, and looks at the outcome itself.</summary>
    public void BeginPrepare()
    {
        Prepared = PreparedKinds.None;
        _written.Clear();
        _isOwnPrepare = true;
    }

    /// <summary>
    /// True when what was prepared writes, and that to databases alone which no other connection can see. SQLite does
    /// not tell of everything that writes (VACUUM), so that nothing seen is no proof.
    /// </summary>
    public bool WritesOnlyAside(sqlite3 database) =>
        _written.Count > 0 && _written.All(name => IsAside(database, name));

    private static bool IsAside(sqlite3 database, string name) =>
        string.Equals(name, "temp", StringComparison.OrdinalIgnoreCase)
        || (
            !string.Equals(name, "main", StringComparison.OrdinalIgnoreCase)
            && string.IsNullOrEmpty(raw.sqlite3_db_filename(database, name).utf8_to_string())
        );

    public void EndPrepare()
    {
        _isOwnPrepare = false;
        StopNativeWaiting();
    }

    public void Forget()
    {
        Changes = SessionChanges.None;
        HasOwnSynchronous = false;
        _touched.Clear();
    }

    /// <summary>The PRAGMAs that were given a value, each with the one to put back.</summary>
    public Pragma[] Touched => [.. _touched];

    /// <summary>Those whose value is known, from now on.</summary>
    public void Know(IEnumerable<Pragma> pragmas) =>
        _known = pragmas
            .DistinctBy(static pragma => pragma.Name, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(static pragma => pragma.Name, StringComparer.OrdinalIgnoreCase);

    private static int OnPrepare(object state, int action, utf8z first, utf8z second, utf8z database, utf8z trigger)
    {
        StatementAuthorizer watch = (StatementAuthorizer)state;
        switch (action)
        {
            case raw.SQLITE_TRANSACTION:
                watch.Prepared |=
                    PreparedKinds.Transaction
                    | first.utf8_to_string() switch
                    {
                        "ROLLBACK" => PreparedKinds.Rollback,
                        "COMMIT" => PreparedKinds.Commit,
                        _ => PreparedKinds.None,
                    };
                break;

            case raw.SQLITE_SAVEPOINT:
                watch.Prepared |=
                    PreparedKinds.Transaction
                    | (first.utf8_to_string() == "RELEASE" ? PreparedKinds.Commit : PreparedKinds.None);
                break;

            case raw.SQLITE_PRAGMA:
                watch.Prepared |= PreparedKinds.Pragma;
                watch.OnPragma(first, second, database);
                break;

            case raw.SQLITE_ATTACH:
            case raw.SQLITE_DETACH:
                watch.Prepared |= PreparedKinds.Attachment;
                watch.Changes |= SessionChanges.Attachment;
                break;

            case >= raw.SQLITE_CREATE_TEMP_INDEX
            and <= raw.SQLITE_CREATE_TEMP_VIEW:
            case >= raw.SQLITE_DROP_TEMP_INDEX and <= raw.SQLITE_DROP_TEMP_VIEW:
                watch.Prepared |= PreparedKinds.Schema;
                watch.Changes |= SessionChanges.TempObject;
                watch._written.Add("temp");
                break;

            // "create table temp.x" comes as an ordinary table in the database "temp".
            case raw.SQLITE_CREATE_INDEX
            or raw.SQLITE_CREATE_TABLE
            or raw.SQLITE_CREATE_TRIGGER
            or raw.SQLITE_CREATE_VIEW:
            case raw.SQLITE_DROP_INDEX or raw.SQLITE_DROP_TABLE or raw.SQLITE_DROP_TRIGGER or raw.SQLITE_DROP_VIEW:
            case raw.SQLITE_CREATE_VTABLE or raw.SQLITE_DROP_VTABLE or raw.SQLITE_REINDEX or raw.SQLITE_ANALYZE:
                watch.Prepared |= PreparedKinds.Schema;
                watch.OnWrite(database);
                break;

            case raw.SQLITE_ALTER_TABLE:
                watch.Prepared |= PreparedKinds.Schema;
                watch.OnWrite(first);
                break;

            // Renaming in the main database looks through the schema of the temp database as well.
            case raw.SQLITE_INSERT
            or raw.SQLITE_UPDATE
            or raw.SQLITE_DELETE when first.utf8_to_string() is not ("sqlite_temp_master" or "sqlite_temp_schema"):
                watch.OnWrite(database);
                break;
        }

        return watch.RefusesAll || watch.RefusesInTransaction(action) ? raw.SQLITE_DENY : raw.SQLITE_OK;
    }

    // SQLite answers from its own number, while it prepares.
    private void OnBusyTimeout(string? value)
    {
        if (value is not null)
        {
            BusyTimeoutMilliseconds = int.TryParse(value, CultureInfo.InvariantCulture, out int given)
                ? Math.Max(0, given)
                : 0;
        }

        if (_database!.TryGetTarget(out sqlite3? database))
        {
            _waitsNatively = true;
            _ = raw.sqlite3_busy_timeout(database, BusyTimeoutMilliseconds);
        }
    }

    private static PreparedKinds KindOf(string pragma, string? value) =>
        pragma.ToUpperInvariant() switch
        {
            "WAL_CHECKPOINT" => PreparedKinds.Checkpoint,
            "OPTIMIZE" => PreparedKinds.WritingPragma,
            "INCREMENTAL_VACUUM" => PreparedKinds.None,
            _ => value is null ? PreparedKinds.Question : PreparedKinds.None,
        };

    private bool RefusesInTransaction(int action) =>
        Guarded is { } database
        && !_isOwnPrepare
        && (action is raw.SQLITE_TRANSACTION or raw.SQLITE_SAVEPOINT || raw.sqlite3_get_autocommit(database) != 0);

    // What is in the temp database was put there by the ConnectionOpened hook, and is to stay as that made it.
    private void OnWrite(utf8z database)
    {
        string name = database.utf8_to_string() ?? "main";
        _written.Add(name);
        if (string.Equals(name, "temp", StringComparison.OrdinalIgnoreCase))
        {
            Changes |= SessionChanges.TempObject;
        }
    }

    private void OnPragma(utf8z name, utf8z value, utf8z database)
    {
        string pragma = name.utf8_to_string() ?? "";
        Prepared |= KindOf(pragma, value.utf8_to_string());
        if (string.Equals(pragma, "busy_timeout", StringComparison.OrdinalIgnoreCase))
        {
            OnBusyTimeout(value.utf8_to_string());
        }

        if (database.utf8_to_string() is { } aside)
        {
            _written.Add(aside);
        }

        if (value.utf8_to_string() is null || Questions.Contains(pragma))
        {
            return;
        }

        HasOwnSynchronous |= string.Equals(pragma, Pragma.Synchronous, StringComparison.OrdinalIgnoreCase);

        bool isMain =
            database.utf8_to_string() is not { } other
            || string.Equals(other, "main", StringComparison.OrdinalIgnoreCase);
        if (!isMain || !InFile.Contains(pragma))
        {
            Touch(pragma, value.utf8_to_string(), isMain);
        }
    }

    private void Touch(string name, string? value, bool isMain)
    {
        if (!isMain || !_known.TryGetValue(name, out Pragma? known))
        {
            Changes |= SessionChanges.ForeignPragma;
            return;
        }

        Changes |= SessionChanges.OwnPragma;
        if (!known.IsSetTo(value) && !_touched.Contains(known))
        {
            // A change of where temporary tables are kept drops them, also when it is changed back.
            Changes |= known.Name == Pragma.TempStore ? SessionChanges.TempObject : SessionChanges.None;
            _touched.Add(known);
        }
    }
}
