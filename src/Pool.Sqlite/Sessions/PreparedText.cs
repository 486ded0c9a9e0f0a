using System.Text;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// One SQL text on one connection, with its statements: each is prepared when its turn comes, since it may need what
/// those before it make. In use by one command at a time.
/// </summary>
internal sealed class PreparedText(string sql) : IDisposable
{
    // A script is run once; keeping all its statements would take memory for nothing.
    private const int MostKept = 64;

    private readonly List<Statement> _statements = new(1);
    private byte[]? _utf8;
    private int _offset;
    private int _disposed;

    public string Sql { get; } = sql;

    public bool IsComplete { get; private set; }

    /// <summary>How many statements have been prepared so far.</summary>
    public int Count => _statements.Count;

    /// <summary>False when one of its statements must be prepared anew each time.</summary>
    public bool IsWorthKeeping { get; set; } = true;

    /// <summary>How much it takes to keep it: the text, here and in SQLite, and its statements.</summary>
    public long Bytes { get; private set; }

    public bool IsInUse { get; set; }

    public bool IsCached { get; set; }

    public PreparedText? Previous { get; set; }

    public PreparedText? Next { get; set; }

    /// <summary>The statement of a number, prepared now if it was not yet.</summary>
    /// <param name="index">At most <see cref="Count"/>.</param>
    /// <param name="database">The connection.</param>
    /// <param name="authorizer">It is asked what the statement is about.</param>
    /// <param name="statement">Null when there is no further one, or it could not be prepared.</param>
    /// <returns>A result code.</returns>
    public int TryGet(int index, sqlite3 database, StatementAuthorizer authorizer, out Statement? statement)
    {
        if (index < _statements.Count)
        {
            statement = _statements[index];
            return raw.SQLITE_OK;
        }

        statement = null;
        return IsComplete ? raw.SQLITE_OK : Prepare(database, authorizer, out statement);
    }

    /// <summary>The statements before a number will not be run again: of a long script they are let go.</summary>
    public void Passed(int index)
    {
        if (index > MostKept)
        {
            IsWorthKeeping = false;
            for (; _disposed < index - 1; _disposed++)
            {
                _statements[_disposed].Dispose();
            }
        }
    }

    /// <summary>Ends the runs of its statements.</summary>
    public void Reset()
    {
        foreach (Statement statement in _statements)
        {
            _ = statement.Reset();
        }
    }

    /// <summary>Computes <see cref="Bytes"/>.</summary>
    public void Measure() => Bytes = (3L * Sql.Length) + _statements.Sum(static statement => (long)statement.Bytes);

    public void Dispose()
    {
        foreach (Statement statement in _statements)
        {
            statement.Dispose();
        }
    }

    private int Prepare(sqlite3 database, StatementAuthorizer authorizer, out Statement? statement)
    {
        statement = null;
        if (_utf8 is null)
        {
            // With its NUL at the end SQLite need not copy what is left of the text for each statement.
            _utf8 = new byte[Encoding.UTF8.GetByteCount(Sql) + 1];
            Encoding.UTF8.GetBytes(Sql, _utf8);
        }

        while (statement is null && !IsComplete)
        {
            ReadOnlySpan<byte> rest = _utf8.AsSpan(_offset);
            int result = Prepare(database, authorizer, rest, out statement, out int length);
            if (result != raw.SQLITE_OK)
            {
                IsWorthKeeping = false;
                return result;
            }

            _offset += length;
            IsComplete = length == 0 || IsBlank(_utf8.AsSpan(_offset));
        }

        _utf8 = IsComplete ? null : _utf8;
        if (statement is not null)
        {
            _statements.Add(statement);
            IsWorthKeeping &= statement.IsWorthKeeping;
        }

        return raw.SQLITE_OK;
    }

    private static int Prepare(
        sqlite3 database,
        StatementAuthorizer authorizer,
        ReadOnlySpan<byte> rest,
        out Statement? statement,
        out int length
    )
    {
        statement = null;
        authorizer.BeginPrepare();
        try
        {
            int result = raw.sqlite3_prepare_v2(database, rest, out sqlite3_stmt native, out ReadOnlySpan<byte> tail);
            length = rest.Length - tail.Length;
            if (result != raw.SQLITE_OK || native is null or { IsInvalid: true })
            {
                native?.Dispose();
                return result;
            }

            statement = new Statement(native, authorizer.Prepared, authorizer.WritesOnlyAside(database));
            return result;
        }
        finally
        {
            authorizer.EndPrepare();
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> text) => text.TrimStart("\0 \t\r\n\f;"u8).IsEmpty;
}
