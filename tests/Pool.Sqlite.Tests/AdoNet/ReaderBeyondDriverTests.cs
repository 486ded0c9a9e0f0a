using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>Where the reader does what ADO.NET says and the driver does not.</summary>
public sealed class ReaderBeyondDriverTests : IDisposable
{
    private readonly SqlitePool _pool = new("Data Source=:memory:");
    private readonly SqlitePoolConnection _lease;

    public ReaderBeyondDriverTests()
    {
        _lease = _pool.Rent();
        _lease.Run("create table t(x)");
    }

    private enum Small : byte
    {
        One = 1,
    }

    [Theory]
    [InlineData(CommandBehavior.SingleRow, 1)]
    [InlineData(CommandBehavior.SingleResult, 2)]
    public void One_row_or_one_result_is_what_is_read_and_the_rest_runs(CommandBehavior behavior, int rows)
    {
        using (
            DbDataReader reader = Reader("select 1 union all select 2; insert into t values (1); select 3", behavior)
        )
        {
            int read = 0;
            while (reader.Read())
            {
                read++;
            }

            Assert.Equal(rows, read);
            Assert.False(reader.NextResult());
        }

        Assert.Equal("1", _lease.Ask("select count(*) from t"));
    }

    [Fact]
    public void The_schema_alone_comes_without_rows()
    {
        using DbDataReader reader = Reader("select 1 as x", CommandBehavior.SchemaOnly);
        Assert.Equal("x", Assert.Single(reader.GetColumnSchema()).ColumnName);
        Assert.False(reader.Read());
    }

    [Fact]
    public void Values_go_into_as_much_room_as_there_is()
    {
        using DbDataReader reader = Row("select 1, 2");
        object[] one = new object[1];
        Assert.Equal(1, reader.GetValues(one));
        Assert.Equal(1L, one[0]);
        Assert.Throws<ArgumentNullException>(() => reader.GetValues(null!));
    }

    [Fact]
    public void A_nullable_type_reads_null_and_a_nullable_enum_its_value()
    {
        using DbDataReader reader = Row("select null, 1");
        Assert.Null(reader.GetFieldValue<int?>(0));
        Assert.Null(reader.GetFieldValue<Small?>(0));
        Assert.Equal(Small.One, reader.GetFieldValue<Small?>(1));
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<Stream>(0));
        Assert.Throws<InvalidCastException>(() => reader.GetFieldValue<TextReader>(0));
    }

    [Theory]
    [InlineData(-1, 0, 1)]
    [InlineData(0, -1, 1)]
    [InlineData(0, 5, 0)]
    [InlineData(0, 0, -1)]
    public void A_part_outside_the_value_or_the_buffer_is_refused(int dataOffset, int bufferOffset, int length)
    {
        using DbDataReader reader = Row("select 'text'");
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            reader.GetChars(0, dataOffset, new char[4], bufferOffset, length)
        );
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            reader.GetBytes(0, dataOffset, new byte[4], bufferOffset, length)
        );
    }

    [Fact]
    public void There_is_no_schema_without_a_result()
    {
        using DbDataReader reader = Reader("delete from t", CommandBehavior.Default);
        Assert.Empty(reader.GetColumnSchema());
    }

    [Fact]
    public void A_parameter_that_is_null_is_refused_when_it_is_added()
    {
        using SqlitePoolCommand command = _lease.CreateCommand("select $x");
        command.Parameters.AddWithValue("$x", 1);
        Assert.Throws<ArgumentNullException>(() => command.Parameters.Add((SqliteParameter)null!));
        Assert.Throws<ArgumentNullException>(() => command.Parameters.Insert(0, null!));
        Assert.Throws<ArgumentNullException>(() => command.Parameters[0] = null!);
        Assert.Throws<ArgumentNullException>(() => command.Parameters["$x"] = null!);
        Assert.Throws<ArgumentNullException>(() => command.Parameters.Remove(null!));
        Assert.Equal(1L, command.ExecuteScalar());
    }

    [Fact]
    public void A_reader_without_rows_that_outlives_its_lease_closes_quietly()
    {
        SqlitePoolCommand command = _lease.CreateCommand("insert into t values (1)");
        DbDataReader reader = command.ExecuteReader();
        _lease.Close();

        reader.Close();
        Assert.True(reader.IsClosed);
        command.Dispose();
    }

    [Fact]
    public void A_value_that_is_too_long_is_told_so()
    {
        using SqlitePoolCommand command = _lease.CreateCommand("insert into t values ($x)");
        command.Parameters.AddWithValue("$x", new string('A', 600));
        command.Prepare();
        SQLitePCL.raw.sqlite3_limit(_lease.Native(), SQLitePCL.raw.SQLITE_LIMIT_LENGTH, 500);

        Assert.Equal(
            SQLitePCL.raw.SQLITE_TOOBIG,
            Assert.Throws<SqliteException>(() => command.ExecuteReader()).SqliteErrorCode
        );
    }

    public void Dispose()
    {
        _lease.Dispose();
        _pool.Dispose();
    }

    private DbDataReader Reader(string sql, CommandBehavior behavior) =>
        _lease.CreateCommand(sql).ExecuteReader(behavior);

    private DbDataReader Row(string sql)
    {
        DbDataReader reader = Reader(sql, CommandBehavior.Default);
        Assert.True(reader.Read());
        return reader;
    }
}
