using Microsoft.Data.Sqlite;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;
using SQLitePCL;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>A floor: one prepared statement on one held connection, straight on SQLite's own functions. What is left is
/// SQLite, its file locks, and the strings that the caller asked for.</summary>
internal sealed class StatementFloor : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _statement;

    public StatementFloor(string connectionString, string sql)
    {
        _connection = new SqliteConnection(connectionString);
        _connection.Open();
        ConnectionSettings.Apply(_connection, SynchronousMode.Normal);
        Expect(raw.sqlite3_prepare_v2(_connection.Handle, sql, out _statement), raw.SQLITE_OK);
    }

    public static Work Loop(string connectionString, string sql, Action<StatementFloor, long> operation)
    {
        StatementFloor floor = new(connectionString, sql);
        return new ThreadLoop(1, 32, seed => Field.OnRows(seed, row => operation(floor, row)), floor);
    }

    public void Point(long row)
    {
        Expect(raw.sqlite3_bind_int64(_statement, 1, row), raw.SQLITE_OK);
        Expect(raw.sqlite3_step(_statement), raw.SQLITE_ROW);
        _ = raw.sqlite3_column_text(_statement, 0).utf8_to_string();
        Expect(raw.sqlite3_reset(_statement), raw.SQLITE_OK);
    }

    public long Range(long from)
    {
        Expect(raw.sqlite3_bind_int64(_statement, 1, from), raw.SQLITE_OK);
        Expect(raw.sqlite3_bind_int64(_statement, 2, from + Statements.RangeRows - 1), raw.SQLITE_OK);
        long length = 0;
        while (raw.sqlite3_step(_statement) == raw.SQLITE_ROW)
        {
            length +=
                raw.sqlite3_column_int64(_statement, 0)
                + raw.sqlite3_column_text(_statement, 1).utf8_to_string().Length
                + raw.sqlite3_column_text(_statement, 2).utf8_to_string().Length;
        }

        Expect(raw.sqlite3_reset(_statement), raw.SQLITE_OK);
        return length;
    }

    public void Dispose()
    {
        _statement.Dispose();
        _connection.Dispose();
    }

    private void Expect(int result, int expected)
    {
        if (result != expected)
        {
            throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), result);
        }
    }
}
