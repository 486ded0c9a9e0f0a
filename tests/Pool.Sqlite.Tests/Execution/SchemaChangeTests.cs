using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>A kept statement follows the schema, whoever changes it.</summary>
public sealed class SchemaChangeTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;
    private readonly SqlitePoolConnection _connection;

    public SchemaChangeTests()
    {
        _pool = new SqlitePool(_database.Options());
        _connection = _pool.Rent();
        _connection.Run("create table t(a)");
        _connection.Run("insert into t values(1)");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_kept_select_sees_a_new_column(bool elsewhere)
    {
        Assert.Equal(["a"], Columns("select * from t"));
        Assert.Equal(["a"], Columns("select * from t"));
        Alter(elsewhere, "alter table t add column b default 2");

        Assert.Equal(["a", "b"], Columns("select * from t"));
        Assert.Equal(["a", "b"], Columns("select * from t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_kept_scalar_sees_what_the_first_column_has_become(bool elsewhere)
    {
        Assert.Equal("1", _connection.Ask("select * from t"));
        Assert.Equal("1", _connection.Ask("select * from t"));
        Alter(elsewhere, "drop table t; create table t(z, a); insert into t values('new', 1)");

        Assert.Equal("new", _connection.Ask("select * from t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_kept_insert_meets_a_new_constraint(bool elsewhere)
    {
        _connection.Run("insert into t values(5)");
        _connection.Run("insert into t values(5)");
        Alter(elsewhere, "delete from t; create unique index u on t(a)");

        Assert.Equal(1, _connection.Run("insert into t values(5)"));
        Assert.Equal(
            19,
            Assert.Throws<SqliteException>(() => _connection.Run("insert into t values(5)")).SqliteErrorCode
        );
    }

    [Fact]
    public void A_table_that_is_gone_is_an_error_and_back_is_no_error()
    {
        Assert.Equal("1", _connection.Ask("select a from t"));
        Alter(elsewhere: true, "drop table t");
        Assert.Equal(1, Assert.Throws<SqliteException>(() => _connection.Ask("select a from t")).SqliteErrorCode);
        Alter(elsewhere: true, "create table t(a); insert into t values(8)");

        Assert.Equal("8", _connection.Ask("select a from t"));
        Assert.Equal(["a"], Columns("select a from t"));
    }

    [Fact]
    public void A_kept_insert_into_a_view_follows_when_that_becomes_a_table()
    {
        _connection.Run("create view v as select a from t");
        _connection.Run("create trigger i instead of insert on v begin insert into t values(new.a); end");
        Assert.Equal(1, _connection.Run("delete from t"));
        _connection.Run("insert into v values(9)");
        Alter(elsewhere: false, "drop view v; create table v(a)");
        _connection.Run("insert into v values(9)");

        Assert.Equal("1", _connection.Ask("select count(*) from t"));
        Assert.Equal("1", _connection.Ask("select count(*) from v"));
    }

    public void Dispose()
    {
        _connection.Dispose();
        _pool.Dispose();
        _database.Dispose();
    }

    private void Alter(bool elsewhere, string sql)
    {
        if (!elsewhere)
        {
            _connection.Run(sql);
            return;
        }

        using SqlitePoolConnection other = _pool.Rent();
        other.Run(sql);
    }

    private List<string> Columns(string sql)
    {
        using SqlitePoolCommand command = _connection.CreateCommand(sql);
        using DbDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        object[] values = new object[reader.FieldCount];
        Assert.Equal(reader.FieldCount, reader.GetValues(values));
        return [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)];
    }
}
