using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>Texts that are not exactly one statement.</summary>
public sealed class BatchTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;
    private readonly SqlitePoolConnection _connection;

    public BatchTests()
    {
        _pool = _database.OneConnection();
        _connection = _pool.Rent();
    }

    [Fact]
    public void A_statement_may_need_what_the_one_before_it_makes()
    {
        const string Sql = "create table x(a); insert into x values(1), (2); select sum(a) from x; drop table x";
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("3", _connection.Ask(Sql));
            Assert.Equal("0", _connection.Ask("select count(*) from sqlite_master"));
        }
    }

    [Fact]
    public void Changes_are_added_up()
    {
        Assert.Equal(3, _connection.Run("create table x(a); insert into x values(1), (2); delete from x where a = 1"));
        Assert.Equal(2, _connection.Run("insert into x values(3); insert into x values(4)"));
        Assert.Equal(2, _connection.Run("insert into x values(3); insert into x values(4)"));
    }

    [Fact]
    public void A_reader_goes_from_result_to_result()
    {
        using SqlitePoolCommand command = _connection.CreateCommand(
            "select $x; create table x(a); insert into x values($x); select a + 1 from x"
        );
        command.Parameters.AddWithValue("$x", 5);
        using DbDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal(5, reader.GetInt32(0));
        Assert.True(reader.NextResult());
        Assert.True(reader.Read());
        Assert.Equal(6, reader.GetInt32(0));
        Assert.False(reader.NextResult());
    }

    [Fact]
    public void An_error_in_a_later_statement_comes_after_the_earlier_ones_have_run()
    {
        _connection.Run("create table x(a)");
        Assert.Equal(
            1,
            Assert.Throws<SqliteException>(() => _connection.Run("insert into x values(1); selec 2")).SqliteErrorCode
        );
        Assert.Equal("1", _connection.Ask("select count(*) from x"));
    }

    [Theory]
    [InlineData("selec 1")]
    [InlineData("select")]
    [InlineData("select * from missing")]
    [InlineData("select 1 +; select 2")]
    [InlineData("insert into")]
    public void A_syntax_error_is_the_engines_own_each_time_and_harms_nothing(string sql)
    {
        for (int i = 0; i < 3; i++)
        {
            SqliteException error = Assert.Throws<SqliteException>(() => _connection.Run(sql));
            Assert.Equal(1, error.SqliteErrorCode);
            Assert.Equal("1", _connection.Ask("select 1"));
        }

        using SqlitePoolCommand command = _connection.CreateCommand(sql);
        Assert.Throws<SqliteException>(command.Prepare);
        Assert.Throws<SqliteException>(() => command.ExecuteReader());
    }

    /// <summary>Not as the driver, which answers as if all were well.</summary>
    [Theory]
    [InlineData("select 1; insert into missing values (1)")]
    [InlineData("select 1; insert into t values (1), (1)")]
    [InlineData("select 1; select 2; selec 3")]
    public async Task A_fault_after_the_first_result_is_told(string sql)
    {
        _connection.Run("create temp table t(id int unique)");
        using SqlitePoolCommand command = _connection.CreateCommand(sql);
        Assert.Throws<SqliteException>(() => command.ExecuteNonQuery());
        Assert.Throws<SqliteException>(() => command.ExecuteScalar());
        await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteNonQueryAsync());
        await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteScalarAsync());
        Assert.Equal("0", _connection.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData("select 4;")]
    [InlineData("select 4; ; ;")]
    [InlineData(" ; select 4 ;\n\t ")]
    [InlineData("select 4 -- and a word on it")]
    [InlineData("select 4; -- and a word on it\n/* two */")]
    [InlineData("/* first */ select 4")]
    [InlineData("-- first\nselect 4")]
    public void Semicolons_and_comments_around_a_statement_are_nothing(string sql)
    {
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("4", _connection.Ask(sql));
            using SqlitePoolCommand command = _connection.CreateCommand(sql);
            using DbDataReader reader = command.ExecuteReader();
            Assert.True(reader.Read());
            Assert.Equal(4, reader.GetInt32(0));
            Assert.False(reader.NextResult());
        }
    }

    [Theory]
    [InlineData("-- nothing")]
    [InlineData("/* nothing */")]
    [InlineData(";")]
    [InlineData(" ")]
    [InlineData("")]
    public void Nothing_to_run_answers_nothing(string sql)
    {
        for (int i = 0; i < 2; i++)
        {
            using SqlitePoolCommand command = _connection.CreateCommand(sql);
            Assert.Null(command.ExecuteScalar());
            Assert.Equal(-1, command.ExecuteNonQuery());
            using DbDataReader reader = command.ExecuteReader();
            Assert.False(reader.HasRows);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_write_while_a_reader_of_the_same_connection_is_open_leaves_the_reader_alone(bool plain)
    {
        _connection.Run("create table x(a); insert into x values(1), (2), (3)");
        using SqlitePoolCommand command = _connection.CreateCommand("select a from x where a < 10 order by a");
        using DbDataReader reader = command.ExecuteReader();
        int rows = 0;
        while (reader.Read())
        {
            using SqlitePoolCommand insert = _connection.CreateCommand("insert into x values($a)");
            insert.Parameters.AddWithValue("$a", plain ? 100 + rows : 100m + rows);
            Assert.Equal(1, insert.ExecuteNonQuery());
            Assert.Equal(++rows, reader.GetInt32(0));
        }

        Assert.Equal(3, rows);
        Assert.Equal("6", _connection.Ask("select count(*) from x"));
    }

    public void Dispose()
    {
        _connection.Dispose();
        _pool.Dispose();
        _database.Dispose();
    }
}
