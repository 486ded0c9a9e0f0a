using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>An interpolated value is stored as it is, or its place is refused; nothing in between.</summary>
public sealed class InterpolatedSqlTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public InterpolatedSqlTests()
    {
        _pool = new SqlitePool(_database.Options());
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(a, b)");
    }

    [Theory]
    [InlineData("insert into t(a) values ('{0}')", "without the quotes: {0}")]
    [InlineData("select * from t where a like '%{0}%'", "'...' || {0} || '...'")]
    [InlineData("select 'it''s {0}'", "inside a text in quotes")]
    [InlineData("select 'not ended {0}", "inside a text in quotes")]
    [InlineData("select 'a' '{0}'", "without the quotes")]
    [InlineData("select '' || '{0}'", "without the quotes")]
    [InlineData("select \"{0}\" from t", "inside a quoted name")]
    [InlineData("select \"a \"\" {0}\" from t", "inside a quoted name")]
    [InlineData("select `{0}` from t", "inside a quoted name")]
    [InlineData("select [{0}] from t", "inside a quoted name")]
    [InlineData("select [it's {0}] from t", "inside a quoted name")]
    [InlineData("select x'{0}'", "byte[]")]
    [InlineData("select X'00{0}'", "byte[]")]
    [InlineData("select 1 -- {0}", "inside a comment")]
    [InlineData("select 1 -- it's {0}\n, 2", "inside a comment")]
    [InlineData("select /* {0} */ 1", "inside a comment")]
    [InlineData("select /* ' */ /* {0}", "inside a comment")]
    [InlineData("select * from t{0}", "touches a name")]
    [InlineData("select * from ü{0}", "touches a name")]
    [InlineData("select a{0} from t", "touches a name")]
    [InlineData("select {0}a from t", "touches a name")]
    [InlineData("select {0}{1} from t", "touches a name")]
    [InlineData("select 1{0}", "touches a name")]
    [InlineData("select 1.5e{0}", "touches a name")]
    [InlineData("select ?{0}", "touches a name")]
    [InlineData("select :{0}", "touches a name")]
    [InlineData("select @x{0}", "touches a name")]
    [InlineData("select ${0}", "touches a name")]
    [InlineData("select {0}(a) from t", "touches a name")]
    [InlineData("select {0}::x from t", "touches a name")]
    [InlineData("select * from main.{0}", "qualified name")]
    [InlineData("select * from t where {0}.a = 1", "qualified name")]
    [InlineData("select * from {0}", "after FROM")]
    [InlineData("insert into {0} values (1, 2)", "after INTO")]
    [InlineData("insert into /* the table */ {0} values (1, 2)", "after INTO")]
    [InlineData("update {0} set a = 1", "after UPDATE")]
    [InlineData("drop table {0}", "after TABLE")]
    [InlineData("drop table if exists {0}", "after EXISTS")]
    [InlineData("select * from t join {0}", "after JOIN")]
    [InlineData("alter table t rename to {0}", "after TO")]
    [InlineData("select a as {0} from t", "after AS")]
    [InlineData("select a collate {0} from t", "after COLLATE")]
    [InlineData("savepoint {0}", "after SAVEPOINT")]
    [InlineData("pragma user_version = {0}", "PRAGMA")]
    [InlineData("select 1; pragma user_version = {0}", "PRAGMA")]
    [InlineData("select a from t order by {0}", "ORDER BY")]
    [InlineData("select a from t order by {0} desc limit 1", "ORDER BY")]
    [InlineData("select a from t order by a, {0}", "ORDER BY")]
    [InlineData("select count(*) from t group by {0} having 1", "GROUP BY")]
    [InlineData("select sum(a) over (partition by {0}) from t", "GROUP BY")]
    [InlineData("insert into t values ($p0, {0})", "'$p0'")]
    [InlineData("insert into t values (?, {0})", "'?'")]
    [InlineData("insert into t values (?1, {0})", "'?1'")]
    [InlineData("insert into t values (@a, {0})", "'@a'")]
    [InlineData("insert into t values (:a, {0})", "':a'")]
    [InlineData("insert into t(a) values ({0:0.00})", "a format")]
    [InlineData("insert into t(a) values ({0,5})", "an alignment")]
    [InlineData("insert into t(a) values ({0,-5:x})", "an alignment")]
    [InlineData("insert into t(a) values ({0)", "not a format string")]
    [InlineData("insert into t(a) values (0})", "not a format string")]
    [InlineData("insert into t(a) values ({x})", "not a format string")]
    [InlineData("insert into t(a) values ({2})", "{2}")]
    public async Task A_place_that_takes_no_value_is_refused_and_says_what_to_write(string format, string said)
    {
        FormattableString sql = FormattableStringFactory.Create(format, "SECRET", "SECRET");
        Exception[] errors =
        [
            await Assert.ThrowsAsync<ArgumentException>(() => _pool.ExecuteAsync(sql)),
            Assert.Throws<ArgumentException>(() =>
            {
                _ = _pool.Writes.ExecuteAsync(sql);
            }),
            Assert.Throws<ArgumentException>(() =>
            {
                _ = _pool.Writes.TryPost(sql);
            }),
        ];
        Assert.All(errors, error => Assert.Contains(said, error.Message, StringComparison.Ordinal));
        Assert.All(errors, error => Assert.DoesNotContain("SECRET", error.Message, StringComparison.Ordinal));
        await _pool.Writes.FlushAsync();
        Assert.Equal("0", Ask("select count(*) from t"));
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Theory]
    [InlineData("insert into t(a) values ({0})")]
    [InlineData("insert into t(a)values({0})")]
    [InlineData("insert into t(a) select {0}")]
    [InlineData("insert into t(a) select({0})--")]
    [InlineData("insert into t(a) select {0}/**/")]
    [InlineData("insert into t(a) select {0} where '''' || '-- /* [' || '' <> {0}")]
    [InlineData("insert into t(a) select \"a\"\"b\" from (select {0} as \"a\"\"b\")")]
    [InlineData("insert into t(a) select [a'b] from (select {0} as [a'b])")]
    [InlineData("insert into t(a) /* it's */ select /* \" */ {0} -- don't\n")]
    [InlineData("insert into t(a) select {0} where 1-{1}=-2 and 2--1\n>1")]
    [InlineData("insert into t(a) select {0} where {1} is not distinct from {1}")]
    [InlineData("insert into t(a) select {0} order by {1} + 1, abs({1}) limit {1}")]
    [InlineData("insert into t(a) select {0} from (select 1) order by {1}=1, 1 limit {1}")]
    [InlineData("insert into t(a) select {0} where {1} in ({1},{1}) and '{{0}}' = '{{' || '0' || '}}'")]
    [InlineData("insert into t(a) select {0} where 'x' || {1} || 'y' = 'x3y'")]
    [InlineData("insert into t(a) select {0} where -{1}<0 and {1}>.5 and {1}>1.5e+0 and {1} <> 0x1F")]
    public async Task Any_other_place_takes_the_value(string format)
    {
        FormattableString sql = FormattableStringFactory.Create(format, "it's", 3);
        await _pool.ExecuteAsync(sql);
        await _pool.Writes.ExecuteAsync(sql);
        Assert.True(_pool.Writes.TryPost(sql));
        await _pool.Writes.FlushAsync();
        Assert.Equal("3", Ask("select count(*) from t where a = 'it''s'"));
    }

    [Fact]
    public async Task Values_reach_their_places_whatever_their_order()
    {
        object[] values = ["x", "unused", "y", "unused"];
        FormattableString sql = FormattableStringFactory.Create("insert into t values ({2}, {0} || {2})", values);
        await _pool.ExecuteAsync(sql);
        await _pool.Writes.ExecuteAsync(sql);
        Assert.Equal("2", Ask("select count(*) from t where a = 'y' and b = 'xy'"));
        await _pool.ExecuteAsync(FormattableStringFactory.Create("insert into t values (1, 2)", values));
        await _pool.Writes.ExecuteAsync(FormattableStringFactory.Create("insert into t values (1, 2)", values));
        Assert.Equal("2", Ask("select count(*) from t where a = 1"));
    }

    [Fact]
    public async Task A_file_name_can_be_a_value()
    {
        string copy = _database.In("copy.db");
        await _pool.ExecuteAsync($"vacuum into {copy}");
        Assert.True(File.Exists(copy));
        string schema = "other";
        using SqlitePoolConnection connection = _pool.Rent();
        await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.ExecuteAsync($"attach {_database.In("no/such.db")} as {schema}")
        );
    }

    [Fact]
    public async Task A_fault_in_a_later_statement_is_told()
    {
        await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.ExecuteAsync($"select 1; insert into missing values ({1})")
        );
        await Assert.ThrowsAnyAsync<Exception>(() =>
            _pool.Writes.ExecuteAsync($"select 1; insert into missing values ({1})")
        );
        await _pool.ExecuteAsync($"select 1; insert into t values ({1}, 2)");
        Assert.Equal("1", Ask("select count(*) from t"));
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private string? Ask(string sql)
    {
        using SqlitePoolConnection connection = _pool.Rent();
        return connection.Ask(sql);
    }
}
