using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>What leaves nothing behind in the session must not cost the connection.</summary>
public sealed class HarmlessStatementsTests : TwoLeases
{
    [Theory]
    [InlineData("select * from t")]
    [InlineData("insert into t values(1); update t set x = 2; delete from t")]
    [InlineData("insert into t values(1) returning x")]
    [InlineData("begin; insert into t values(1); commit")]
    [InlineData("begin immediate; savepoint s; insert into t values(1); release s; commit")]
    [InlineData("create table u(y); create index v on u(y); alter table u add column z; drop table u")]
    [InlineData("alter table t rename to u; alter table u rename column x to y; alter table u rename to t")]
    [InlineData("create view w as select 1; create trigger a after insert on t begin select 1; end")]
    [InlineData("create virtual table f using fts5(body); insert into f values('text'); drop table f")]
    [InlineData("with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select count(*) from n")]
    [InlineData("select x from t order by x; select count(distinct x) from t group by x")]
    [InlineData("analyze")]
    [InlineData("reindex")]
    [InlineData("explain query plan select * from t")]
    [InlineData("PRAGMA table_info(t)")]
    [InlineData("PRAGMA table_xinfo(t)")]
    [InlineData("PRAGMA index_list(t)")]
    [InlineData("PRAGMA foreign_key_list(t)")]
    [InlineData("PRAGMA foreign_key_check(t)")]
    [InlineData("select * from pragma_table_info('t')")]
    [InlineData("select * from pragma_index_list('t')")]
    [InlineData("PRAGMA user_version=3")]
    [InlineData("PRAGMA application_id=3")]
    [InlineData("PRAGMA wal_checkpoint")]
    [InlineData("PRAGMA wal_checkpoint(TRUNCATE)")]
    [InlineData("PRAGMA integrity_check")]
    [InlineData("PRAGMA integrity_check(5)")]
    [InlineData("PRAGMA quick_check(5)")]
    [InlineData("PRAGMA optimize")]
    [InlineData("PRAGMA incremental_vacuum(5)")]
    [InlineData("PRAGMA foreign_keys; PRAGMA query_only; PRAGMA data_version; PRAGMA compile_options")]
    [InlineData("PRAGMA shrink_memory")]
    [InlineData("PRAGMA foreign_keys=ON; PRAGMA cache_size=-16000")]
    public void It_keeps_its_connection(string sql)
    {
        using (SqliteConnection direct = Database.OpenDirectly())
        {
            direct.Run("create table t(x)");
        }

        OnTheSameConnection(
            connection => connection.Run(sql),
            connection =>
                Assert.Equal(
                    "1 1 -16000",
                    string.Join(
                        ' ',
                        new[] { "foreign_keys", "synchronous", "cache_size" }.Select(name =>
                            connection.Ask($"PRAGMA {name}")
                        )
                    )
                )
        );
        Assert.Empty(Log.Warnings);
    }

    [Fact]
    public void A_statement_that_fails_keeps_its_connection()
    {
        OnTheSameConnection(
            connection =>
            {
                Assert.ThrowsAny<Exception>(() => connection.Run("selekt"));
                Assert.ThrowsAny<Exception>(() => connection.Run("select * from nowhere"));
                connection.Run("create table t(x unique); insert into t values(1)");
                Assert.ThrowsAny<Exception>(() => connection.Run("insert into t values(1)"));
            },
            connection => Assert.Equal("1", connection.Ask("select count(*) from t"))
        );
    }

    [Fact]
    public void A_lease_that_does_nothing_keeps_its_connection()
    {
        for (int i = 0; i < 100; i++)
        {
            Pool.Rent().Dispose();
        }

        Assert.Equal(1, Pool.GetStatistics().Misses);
    }
}
