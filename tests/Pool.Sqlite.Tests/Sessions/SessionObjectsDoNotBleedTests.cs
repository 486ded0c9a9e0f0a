using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class SessionObjectsDoNotBleedTests : TwoLeases
{
    [Fact]
    public void An_attached_database_goes_with_its_connection()
    {
        string side = Database.In("side.db");
        OnAnotherConnection(
            connection => connection.Run($"attach '{side}' as side; create table side.t(x)"),
            connection => Assert.Equal("main", connection.Ask("select group_concat(name) from pragma_database_list"))
        );
    }

    [Fact]
    public void One_attached_through_parameters_is_noticed() =>
        OnAnotherConnection(
            connection =>
            {
                using SqlitePoolCommand command = connection.CreateCommand("attach $file as $name");
                command.Parameters.AddWithValue("$file", Database.In("side.db"));
                command.Parameters.AddWithValue("$name", "side");
                command.ExecuteNonQuery();
            },
            connection => Assert.Equal("main", connection.Ask("select group_concat(name) from pragma_database_list"))
        );

    [Fact]
    public void A_database_that_the_hook_attached_is_there_for_every_lease()
    {
        Options.ConnectionOpened = connection => connection.Run($"attach '{Database.In("side.db")}' as side");
        OnTheSameConnection(
            connection => connection.Run("create table side.t(x)"),
            connection => Assert.Equal("0", connection.Ask("select count(*) from side.t"))
        );
    }

    [Fact]
    public void A_database_that_the_hook_attached_and_a_lease_detached_is_back()
    {
        Options.ConnectionOpened = connection => connection.Run($"attach '{Database.In("side.db")}' as side");
        OnAnotherConnection(
            connection => connection.Run("detach side"),
            connection =>
                Assert.Equal("main,side", connection.Ask("select group_concat(name) from pragma_database_list"))
        );
    }

    [Theory]
    [InlineData("create temp table x(y)")]
    [InlineData("create table temp.x(y)")]
    [InlineData("create temporary table x as select 1 as y")]
    [InlineData("create temp view x as select 1")]
    [InlineData("create view temp.x as select 1")]
    [InlineData("create temp trigger x after insert on t begin select 1; end")]
    [InlineData("create virtual table temp.x using fts5(y)")]
    [InlineData("create temp table x(y); create index temp.z on x(y)")]
    [InlineData("begin; create temp table x(y); commit")]
    public void A_temporary_object_goes_with_its_connection(string create)
    {
        using (SqliteConnection direct = Database.OpenDirectly())
        {
            direct.Run("create table t(value int)");
        }

        OnAnotherConnection(
            connection => connection.Run(create),
            connection =>
            {
                Assert.Equal("0", connection.Ask("select count(*) from sqlite_temp_master"));
                connection.Run("insert into t values(1)");
            }
        );
    }

    [Fact]
    public void A_temporary_object_that_was_rolled_back_is_none_for_the_next() =>
        OnTheNextLease(
            connection => connection.Run("begin; create temp table x(y)"),
            connection => Assert.Equal("0", connection.Ask("select count(*) from sqlite_temp_master"))
        );

    [Fact]
    public void A_temporary_table_of_the_hook_is_there_for_every_lease()
    {
        Options.ConnectionOpened = connection =>
            connection.Run("create temp table settings(x); insert into settings values(1)");
        OnTheSameConnection(
            connection => Assert.Equal("1", connection.Ask("select x from settings")),
            connection => Assert.Equal("1", connection.Ask("select x from settings"))
        );
    }

    [Theory]
    [InlineData("update settings set x = 2")]
    [InlineData("delete from settings")]
    [InlineData("insert or replace into settings(rowid, x) values(1, 2)")]
    [InlineData("drop table settings")]
    [InlineData("alter table settings rename to others")]
    [InlineData("alter table settings add column y")]
    [InlineData("PRAGMA temp_store=FILE")]
    public void What_a_lease_does_to_a_temporary_table_of_the_hook_the_next_does_not_see(string change)
    {
        Options.ConnectionOpened = connection =>
            connection.Run("create temp table settings(x); insert into settings values(1)");
        OnTheNextLease(
            connection => connection.Run(change),
            connection =>
                Assert.Equal(
                    "1 1 1",
                    connection.Ask(
                        "select x || ' ' || (select count(*) from settings) || ' ' || "
                            + "(select count(*) from pragma_table_info('settings')) from settings"
                    )
                )
        );
    }
}
