using Microsoft.Data.Sqlite;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;
using SQLitePCL;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>The yardstick F: a point read by one prepared statement on one held connection, straight on SQLite's own
/// functions. What is left is SQLite, its file locks, and the string that the caller asked for.</summary>
internal sealed class StatementFloor : Worker
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _statement;
    private RowSequence _rows;

    public StatementFloor(string connectionString, int seed, int rows)
    {
        _rows = new RowSequence(seed, rows);
        _connection = new SqliteConnection(connectionString);
        _connection.Open();
        ConnectionSettings.Apply(_connection);
        Check(raw.sqlite3_prepare_v2(_connection.Handle, KeyValueWork.PointSql, out _statement), raw.SQLITE_OK);
    }

    public override void Run(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Check(raw.sqlite3_bind_int64(_statement, 1, _rows.Next()), raw.SQLITE_OK);
            Check(raw.sqlite3_step(_statement), raw.SQLITE_ROW);
            _ = raw.sqlite3_column_text(_statement, 0).utf8_to_string();
            Check(raw.sqlite3_reset(_statement), raw.SQLITE_OK);
        }
    }

    public override void Dispose()
    {
        _statement.Dispose();
        _connection.Dispose();
        base.Dispose();
    }

    private void Check(int result, int expected)
    {
        if (result != expected)
        {
            throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), result);
        }
    }
}
