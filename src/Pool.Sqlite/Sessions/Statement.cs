using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// One SQL text prepared on one connection, with what SQLite says of it. In use by one command at a time.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly SqliteConnection _connection;
    private SqliteCommand? _driver;

    private Statement(SqliteConnection connection, string sql)
    {
        _connection = connection;
        Sql = sql;
    }

    public string Sql { get; }

    /// <summary>The native statement, when the text is exactly one that could be prepared.</summary>
    public sqlite3_stmt? Native { get; private set; }

    /// <summary>False when running it can write: then it needs the write gate.</summary>
    public bool IsReadOnly { get; private set; } = true;

    /// <summary>True for BEGIN, COMMIT, SAVEPOINT and their kin.</summary>
    public bool ControlsTransaction { get; private set; }

    /// <summary>False for what changes the session or the schema: it is prepared anew each time.</summary>
    public bool IsWorthKeeping { get; set; }

    /// <summary>True when it answers rows.</summary>
    public bool HasColumns { get; private set; }

    /// <summary>True for one statement that writes and answers rows: with RETURNING.</summary>
    public bool ReturnsWhatItWrites => HasColumns && !IsReadOnly && IsWorthKeeping;

    /// <summary>The names of its parameters, in their order; null for one without a name.</summary>
    public string?[] ParameterNames { get; private set; } = [];

    /// <summary>True when the names differ also without their prefixes, so that those may be left out.</summary>
    public bool PrefixIsOptional { get; private set; }

    public bool IsInUse { get; set; }

    public bool IsCached { get; set; }

    public Statement? Previous { get; set; }

    public Statement? Next { get; set; }

    /// <summary>The driver's command for it, for what the pool leaves to the driver.</summary>
    public SqliteCommand Driver => _driver ??= new SqliteCommand { Connection = _connection, CommandText = Sql };

    /// <exception cref="SqliteException">The first statement in the text cannot be prepared.</exception>
    public static Statement Prepare(SqliteConnection connection, StatementAuthorizer watch, string sql)
    {
        Statement result = new(connection, sql);
        watch.BeginPrepare();
        try
        {
            result.Classify(connection.Handle!);
        }
        catch
        {
            result.Dispose();
            throw;
        }
        finally
        {
            watch.EndPrepare();
        }

        result.ControlsTransaction = watch.Prepared.HasFlag(PreparedKinds.Transaction);

        // Not a batch: what the driver has prepared of one, it runs to the end even when its reader is only disposed.
        result.IsWorthKeeping = (watch.Prepared & ~PreparedKinds.Transaction) == 0
            && result.Native is not null
            && raw.sqlite3_stmt_isexplain(result.Native) == 0;
        return result;
    }

    public void Dispose()
    {
        Native?.Dispose();
        _driver?.Dispose();
    }

    private void Classify(sqlite3 database)
    {
        int count = 0;
        string rest = Sql;
        while (rest.Length > 0)
        {
            int result = raw.sqlite3_prepare_v2(database, rest, out sqlite3_stmt statement, out string tail);
            if (result != raw.SQLITE_OK)
            {
                statement?.Dispose();
                if (count == 0)
                {
                    SqliteException.ThrowExceptionForRC(result, database);
                }

                // It may need what the statements before it make: that is for the driver to find out, one by one.
                IsReadOnly = false;
                Forget();
                return;
            }

            rest = tail ?? "";
            if (statement is null or { IsInvalid: true })
            {
                continue;
            }

            if (++count == 1)
            {
                Native = statement;
                Describe(statement);
                continue;
            }

            bool readOnly = raw.sqlite3_stmt_readonly(statement) != 0;
            statement.Dispose();
            Forget();
            IsReadOnly &= readOnly;
            if (!IsReadOnly)
            {
                return;
            }
        }
    }

    private void Describe(sqlite3_stmt statement)
    {
        IsReadOnly = raw.sqlite3_stmt_readonly(statement) != 0;
        HasColumns = raw.sqlite3_column_count(statement) > 0;
        int parameters = raw.sqlite3_bind_parameter_count(statement);
        if (parameters > 0)
        {
            ParameterNames = new string?[parameters];
            for (int i = 0; i < parameters; i++)
            {
                ParameterNames[i] = raw.sqlite3_bind_parameter_name(statement, i + 1).utf8_to_string();
            }

            PrefixIsOptional = Array.TrueForAll(ParameterNames, static name => name is { Length: > 1 } && name[0] != '?')
                && ParameterNames.DistinctBy(static name => name![1..]).Count() == parameters;
        }
    }

    // More than one: the driver runs it.
    private void Forget()
    {
        Native?.Dispose();
        Native = null;
    }
}
