using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>How many rows a text is said to have changed, at each moment at which one can ask: as by the driver.</summary>
public sealed class RecordsAffectedLikeTheDriverTests : IDisposable
{
    private const string Setup = """
        create table t(id integer primary key, value);
        insert into t values (1, 'one'), (2, 'two'), (3, 'three');
        create index t_value on t(value);
        create view v as select value from t;
        create trigger v_insert instead of insert on v begin insert into t(value) values (new.value); end;
        create table log(id integer primary key, what);
        create trigger t_log after update on t begin insert into log(what) values ('a'), ('b'); end;
        attach ':memory:' as other;
        """;

    private readonly TempDatabase _database = new();
    private readonly TempDatabase _theirDatabase = new();

    public static TheoryData<string> Texts =>
        [
            "pragma user_version",
            "pragma user_version = 3",
            "pragma optimize",
            "pragma table_info(t)",
            "pragma missing",
            "pragma missing = 1",
            "pragma foreign_keys",
            "pragma foreign_keys = on",
            "pragma cache_size = 100",
            "pragma query_only = 0",
            "pragma shrink_memory",
            "pragma incremental_vacuum",
            "pragma incremental_vacuum(1)",
            "pragma cache_size",
            "pragma synchronous",
            "pragma synchronous = normal",
            "pragma integrity_check",
            "pragma busy_timeout = 100",
            "pragma analysis_limit = 10",
            "pragma application_id = 7",
            "pragma case_sensitive_like = 0",
            "explain select 1",
            "select 1",
            "select value from t",
            "select 1 where 0",
            "values (1), (2)",
            "begin",
            "begin immediate",
            "begin exclusive; rollback",
            "begin; commit",
            "begin; insert into t(value) values ('x'); commit",
            "begin; insert into t(value) values ('x'); rollback",
            "savepoint s",
            "savepoint s; release s",
            "savepoint s; insert into t(value) values ('x'); rollback to s; release s",
            "attach ':memory:' as another",
            "attach ':memory:' as another; detach another",
            "vacuum",
            "reindex",
            "reindex t",
            "analyze",
            "analyze t",
            "create table made(x)",
            "create temp table made(x)",
            "create table if not exists t(x)",
            "create table made as select * from t",
            "create index made on t(value)",
            "create view made as select 1",
            "create trigger made after insert on t begin select 1; end",
            "create table other.made(x)",
            "create virtual table made using fts5(x)",
            "drop table t",
            "drop table if exists missing",
            "drop index t_value",
            "drop view v",
            "drop trigger t_log",
            "alter table t rename to renamed",
            "alter table t add column more",
            "alter table t rename column id to renamed",
            "insert into t(value) values ('x')",
            "insert into t(value) values ('x'), ('y')",
            "insert into t(value) select value from t",
            "insert into t(value) select value from t where 0",
            "insert or ignore into t(id) values (1)",
            "insert or replace into t(id) values (1)",
            "insert into t(id) values (1) on conflict do nothing",
            "insert into t(id) values (1) on conflict do update set value = 'x'",
            "insert into v(value) values ('x')",
            "insert into t default values",
            "replace into t values (1, 'x')",
            "update t set value = 'x'",
            "update t set value = 'x' where id = 1",
            "update t set value = 'x' where 0",
            "delete from t",
            "delete from t where id = 1",
            "delete from t where 0",
            "insert into t(value) values ('x') returning id",
            "insert into t(value) values ('x'), ('y') returning id",
            "update t set value = 'x' returning id",
            "delete from t returning id",
            "with a(x) as (select 1 union all select 2) select x from a",
            "with a(x) as (select 1 union all select 2) insert into t(value) select x from a",
            "with a(x) as (select 1) update t set value = (select x from a)",
            "with a(x) as (select 1) delete from t where id in (select x from a)",
            "with a(x) as (select 1 union all select 2) insert into t(value) select x from a returning id",
            "select 1; insert into t(value) values ('x')",
            "insert into t(value) values ('x'); select 1",
            "insert into t(value) values ('x'); select value from t; delete from t",
            "insert into t(value) values ('x') returning id; delete from t where id = 1 returning id",
            "insert into t(value) values ('x'); insert into t(value) values ('y')",
            "insert into t(value) values ('x'); pragma user_version = 2; select 1",
            "create table made(x); insert into made values (1); drop table made",
            "pragma user_version = 2; select 1",
            "select 1; select 2",
            "select 1; pragma user_version = 4",
            "",
            " ",
            ";",
            ";;",
            "-- comment",
            "/* comment */",
            "-- comment\nselect 1",
            "select 1; -- comment",
            "insert into t(value) values ('x'); -- comment",
        ];

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task It_is_the_same_number(string sql)
    {
        Assert.SkipUnless(
            typeof(SqliteConnection).Assembly.GetName().Version!.Major >= 11,
            "Before its version 11 the driver answers the count of an earlier statement for one that changes no rows."
        );
        foreach (Func<DbCommand, Task<string>> ask in new[] { NonQuery, NonQueryAsync, Read, Skipped, AtOnce })
        {
            Assert.Equal(await Driver(sql, ask), await Pool(sql, ask));
        }
    }

    [Theory]
    [InlineData("pragma optimize(-1)")]
    [InlineData("pragma optimize(0x10002)")]
    [InlineData("pragma wal_checkpoint")]
    [InlineData("pragma journal_mode")]
    [InlineData("pragma journal_mode = wal")]
    [InlineData("explain insert into t(value) values ('x')")]
    [InlineData("explain query plan delete from t")]
    public async Task What_only_answers_rows_changes_none_where_the_driver_tells_of_an_earlier_statement(string sql)
    {
        Assert.Equal("-1", await Pool(sql, NonQuery));
        Assert.Equal("-1", await Pool(sql, NonQueryAsync));
        Assert.Equal("at once: -1", await Pool(sql, AtOnce));
    }

    [Fact]
    public async Task A_write_that_returns_no_row_has_changed_none_before_the_driver_says_so()
    {
        const string sql = "update t set value = 'x' where 0 returning id";
        Assert.Equal("0", await Pool(sql, NonQuery));
        Assert.Equal("read: 0 0 0 0", await Pool(sql, Read));
        Assert.Equal("at once: 0", await Pool(sql, AtOnce));
    }

    public void Dispose()
    {
        _database.Dispose();
        _theirDatabase.Dispose();
    }

    private async Task<string> Driver(string sql, Func<DbCommand, Task<string>> ask)
    {
        string path = _theirDatabase.In($"{Guid.NewGuid():N}.db");
        using SqliteConnection connection = new($"Data Source={path};Pooling=False");
        connection.Open();
        connection.Run("pragma journal_mode = wal; pragma foreign_keys = on");
        return await On(connection, sql, ask);
    }

    private async Task<string> Pool(string sql, Func<DbCommand, Task<string>> ask)
    {
        await using SqlitePool pool = new($"Data Source={_database.In($"{Guid.NewGuid():N}.db")}");
        using SqlitePoolConnection connection = pool.Rent();
        return await On(connection, sql, ask);
    }

    private static async Task<string> On(DbConnection connection, string sql, Func<DbCommand, Task<string>> ask)
    {
        connection.Run(Setup);
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return await ask(command);
    }

    private static Task<string> NonQuery(DbCommand command) => Task.FromResult($"{command.ExecuteNonQuery()}");

    private static async Task<string> NonQueryAsync(DbCommand command) => $"{await command.ExecuteNonQueryAsync()}";

    // Each result to its end.
    private static async Task<string> Read(DbCommand command)
    {
        DbDataReader reader = await command.ExecuteReaderAsync();
        List<int> counts = [reader.RecordsAffected];
        do
        {
            while (await reader.ReadAsync())
            {
                counts.Add(reader.RecordsAffected);
            }

            counts.Add(reader.RecordsAffected);
        } while (await reader.NextResultAsync());

        counts.Add(reader.RecordsAffected);
        await reader.CloseAsync();
        counts.Add(reader.RecordsAffected);
        return $"read: {string.Join(' ', counts)}";
    }

    // From result to result, the rows unread.
    private static Task<string> Skipped(DbCommand command)
    {
        using DbDataReader reader = command.ExecuteReader();
        List<int> counts = [];
        do
        {
            counts.Add(reader.RecordsAffected);
        } while (reader.NextResult());

        counts.Add(reader.RecordsAffected);
        return Task.FromResult($"skipped: {string.Join(' ', counts)}");
    }

    // Closed before anything is read.
    private static Task<string> AtOnce(DbCommand command)
    {
        DbDataReader reader = command.ExecuteReader();
        reader.Dispose();
        return Task.FromResult($"at once: {reader.RecordsAffected}");
    }
}
