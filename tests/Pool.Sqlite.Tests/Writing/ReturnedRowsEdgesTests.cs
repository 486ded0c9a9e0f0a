using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>What is between a statement that has written and the rows that it answers.</summary>
public sealed class ReturnedRowsEdgesTests : IDisposable
{
    private readonly TempDatabase _database = new();

    public void Dispose() => _database.Dispose();

    /// <summary>A try that SQLite undoes has seen rows which the next one need not find.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_is_run_again_answers_nothing_of_the_try_before(bool scalar)
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.JournalMode = JournalMode.Delete;
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(value)");
        lease.Run("insert into t values (7)");
        using SqliteConnection outside = _database.OpenDirectly();
        outside.Run("begin");
        Assert.Equal("1", outside.Ask("select count(*) from t"));

        using SqlitePoolCommand command = lease.CreateCommand("delete from t returning value");
        Task<object?> answer = scalar ? command.ExecuteScalarAsync() : HasRows(command);
        Assert.False(answer.IsCompleted);
        outside.Run("delete from t");
        outside.Run("commit");
        Assert.Equal(scalar ? null : false, await answer.Limited());

        static async Task<object?> HasRows(SqlitePoolCommand command)
        {
            await using DbDataReader reader = await command.ExecuteReaderAsync();
            return reader.HasRows;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_value_stays_with_an_idle_connection(bool toTheEnd)
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(value)");
        using (
            DbDataReader reader = lease.CreateCommand("insert into t values ('secret') returning value").ExecuteReader()
        )
        {
            Assert.True(reader.Read());
            Assert.True(!toTheEnd || !reader.Read());
        }

        PhysicalConnection physical = lease.Physical;
        PreparedText shown = physical.Statements.Take("select ?", isCommand: false);
        Assert.Equal(1, shown.Count);
        Assert.Equal(raw.SQLITE_OK, physical.TryGet(shown, 0, out Statement? statement));
        Assert.Equal(raw.SQLITE_ROW, raw.sqlite3_step(statement!.Native));
        Assert.Equal(raw.SQLITE_NULL, raw.sqlite3_column_type(statement.Native, 0));
        statement.Reset();
        physical.Statements.PutBack(shown);
    }

    [Fact]
    public async Task One_on_what_is_no_longer_true_names_the_reader_that_is_in_its_way()
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(value)");
        lease.Run("insert into t values (1), (2)");
        using DbDataReader reader = lease.CreateCommand("select value from t").ExecuteReader();
        Assert.True(reader.Read());
        await pool.ExecuteAsync($"insert into t values (3)").Limited();
        using SqlitePoolCommand command = lease.CreateCommand("insert into t values (4) returning value");
        SqliteException refused = Assert.Throws<SqliteException>(() => command.ExecuteReader());
        Assert.Equal(raw.SQLITE_BUSY_SNAPSHOT, refused.SqliteExtendedErrorCode);
        Assert.Contains("'select value from t'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_many_columns_as_there_can_be_are_shown_whatever_limits_a_hook_sets()
    {
        SqlitePoolOptions options = _database.Options();
        options.ConnectionOpened = connection =>
            _ = raw.sqlite3_limit(connection.Handle!, raw.SQLITE_LIMIT_VARIABLE_NUMBER, 10);
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run(
            "create table t(c0, " + string.Join(',', Enumerable.Range(1, 1999).Select(i => $"c{i} default {i}")) + ")"
        );
        using DbDataReader reader = lease.CreateCommand("insert into t(c0) values (0) returning *").ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal(Enumerable.Range(0, 2000), Enumerable.Range(0, reader.FieldCount).Select(reader.GetInt32));
        Assert.Equal(10, raw.sqlite3_limit(lease.Physical.Handle, raw.SQLITE_LIMIT_VARIABLE_NUMBER, -1));
        Assert.Equal("1", lease.Ask("select count(*) from t"));
    }
}
