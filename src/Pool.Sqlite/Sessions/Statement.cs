using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>One prepared statement, with what SQLite says of it.</summary>
internal sealed class Statement : IDisposable
{
    // sqlite3.h: SQLITE_STMTSTATUS_MEMUSED.
    private const int MemoryUsed = 99;

    private string?[]? _parameterNames;
    private bool _prefixIsOptional;

    /// <param name="native">The statement.</param>
    /// <param name="prepared">What the authorizer was asked while it was prepared.</param>
    /// <param name="writesOnlyAside">True when all that it writes lies in temporary or memory databases.</param>
    public Statement(sqlite3_stmt native, PreparedKinds prepared, bool writesOnlyAside)
    {
        Native = native;
        IsExplain = raw.sqlite3_stmt_isexplain(native) != 0;
        bool isQuestion = IsExplain || prepared.HasFlag(PreparedKinds.Question);
        IsReadOnly =
            isQuestion || (raw.sqlite3_stmt_readonly(native) != 0 && !prepared.HasFlag(PreparedKinds.WritingPragma));
        NeedsGate = !IsReadOnly && !writesOnlyAside;
        IsCheckpoint = prepared.HasFlag(PreparedKinds.Checkpoint);
        IsRollback = prepared.HasFlag(PreparedKinds.Rollback);
        Commits = prepared.HasFlag(PreparedKinds.Commit) && !IsExplain;
        ControlsTransaction = prepared.HasFlag(PreparedKinds.Transaction) && !IsExplain;
        HasColumns = raw.sqlite3_column_count(native) > 0;
        CountsChanges = !HasColumns || (!IsReadOnly && !prepared.HasFlag(PreparedKinds.Pragma));
        IsWorthKeeping =
            !IsExplain
            && (prepared & ~(PreparedKinds.Transaction | PreparedKinds.Rollback | PreparedKinds.Commit)) == 0;
    }

    public sqlite3_stmt Native { get; }

    /// <summary>False when running it can write to any database, temporary ones included.</summary>
    public bool IsReadOnly { get; }

    /// <summary>True when running it can write to the database of the pool, or to an attached file.</summary>
    public bool NeedsGate { get; }

    /// <summary>True for BEGIN, COMMIT, SAVEPOINT and their kin.</summary>
    public bool ControlsTransaction { get; }

    /// <summary>True for COMMIT, END and RELEASE, also of an inner savepoint.</summary>
    public bool Commits { get; }

    /// <summary>True for a ROLLBACK of the whole transaction.</summary>
    public bool IsRollback { get; }

    /// <summary>True for <c>PRAGMA wal_checkpoint</c>.</summary>
    public bool IsCheckpoint { get; }

    public bool IsExplain { get; }

    /// <summary>False for what changes the session or the schema: it is prepared anew each time.</summary>
    public bool IsWorthKeeping { get; }

    /// <summary>True when it answers rows.</summary>
    public bool HasColumns { get; }

    /// <summary>
    /// False for what only answers rows: no number of changed rows can be told of it. That goes for an explained write
    /// and for a PRAGMA with rows as well, of which the driver tells the number of an earlier statement.
    /// </summary>
    public bool CountsChanges { get; }

    /// <summary>How much memory SQLite says that it takes, in bytes.</summary>
    public int Bytes => raw.sqlite3_stmt_status(Native, MemoryUsed, 0);

    /// <summary>The names of its parameters, in their order; null for one without a name.</summary>
    public string?[] ParameterNames => _parameterNames ?? ReadParameters();

    /// <summary>True when the names differ also without their prefixes, so that those may be left out.</summary>
    public bool PrefixIsOptional
    {
        get
        {
            _ = ParameterNames;
            return _prefixIsOptional;
        }
    }

    public void Dispose() => Native.Dispose();

    /// <summary>Ends a run, and forgets its values.</summary>
    /// <returns>A result code: of a write, what its end came to.</returns>
    public int Reset()
    {
        int result = raw.sqlite3_reset(Native);

        // Without names, which may not have been read, there can be values as well.
        if (_parameterNames is not { Length: 0 })
        {
            _ = raw.sqlite3_clear_bindings(Native);
        }

        return result;
    }

    private string?[] ReadParameters()
    {
        int count = raw.sqlite3_bind_parameter_count(Native);
        string?[] names = count == 0 ? [] : new string?[count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = raw.sqlite3_bind_parameter_name(Native, i + 1).utf8_to_string();
        }

        _prefixIsOptional =
            count > 0
            && Array.TrueForAll(names, static name => name is { Length: > 1 } && name[0] != '?')
            && names.DistinctBy(static name => name![1..]).Count() == count;
        return _parameterNames = names;
    }
}
