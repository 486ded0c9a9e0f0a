using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class FunctionsDoNotBleedTests : TwoLeases
{
    [Fact]
    public void A_function_goes_with_its_connection() =>
        OnAnotherConnection(
            connection =>
            {
                connection.SqliteConnection.CreateFunction("mine", () => 1L);
                Assert.Equal("1", connection.Ask("select mine()"));
            },
            connection => AssertUnknown(connection, "select mine()")
        );

    [Fact]
    public void An_aggregate_goes_with_its_connection() =>
        OnAnotherConnection(
            connection =>
            {
                connection.SqliteConnection.CreateAggregate("total_of", 0L, (long sum, long next) => sum + next);
                Assert.Equal("3", connection.Ask("select total_of(x) from (select 1 as x union all select 2)"));
            },
            connection => AssertUnknown(connection, "select total_of(1)")
        );

    [Fact]
    public void A_collation_goes_with_its_connection() =>
        OnAnotherConnection(
            connection =>
            {
                connection.SqliteConnection.CreateCollation("reverse", (x, y) => string.CompareOrdinal(y, x));
                Assert.Equal("1", connection.Ask("select 'b' < 'a' collate reverse"));
            },
            connection => AssertUnknown(connection, "select 'b' < 'a' collate reverse")
        );

    [Fact]
    public void A_built_in_function_that_was_replaced_is_itself_again() =>
        OnTheNextLease(
            connection =>
            {
                connection.SqliteConnection.CreateFunction("lower", (string _) => "replaced");
                Assert.Equal("replaced", connection.Ask("select lower('A')"));
            },
            connection => Assert.Equal("a", connection.Ask("select lower('A')"))
        );

    [Fact]
    public void A_built_in_collation_that_was_replaced_is_itself_again() =>
        OnTheNextLease(
            connection =>
            {
                connection.SqliteConnection.CreateCollation(
                    "NOCASE",
                    (x, y) => string.Compare(x, y, StringComparison.OrdinalIgnoreCase)
                );
                Assert.Equal("1", connection.Ask("select 'É' = 'é' collate nocase"));
            },
            connection => Assert.Equal("0", connection.Ask("select 'É' = 'é' collate nocase"))
        );

    [Fact]
    public void What_the_hook_registered_is_there_for_every_lease()
    {
        Options.ConnectionOpened = RegisterVersionOne;
        OnTheSameConnection(
            connection => Assert.Equal("1", connection.Ask("select version()")),
            connection =>
            {
                Assert.Equal("1", connection.Ask("select version()"));
                Assert.Equal("1", connection.Ask("select 'b' < 'a' collate mine"));
            }
        );
    }

    [Fact]
    public void A_function_of_the_hook_that_was_replaced_is_the_hooks_again()
    {
        Options.ConnectionOpened = RegisterVersionOne;
        OnTheNextLease(
            connection =>
            {
                connection.SqliteConnection.CreateFunction("version", () => 2L);
                Assert.Equal("2", connection.Ask("select version()"));
            },
            connection => Assert.Equal("1", connection.Ask("select version()"))
        );
    }

    [Fact]
    public void A_function_of_the_hook_that_was_replaced_after_it_had_been_used_is_the_hooks_again()
    {
        Options.ConnectionOpened = RegisterVersionOne;
        OnTheNextLease(
            connection =>
            {
                Assert.Equal("1", connection.Ask("select version()"));
                connection.SqliteConnection.CreateFunction("version", () => 2L);
            },
            connection => Assert.Equal("1", connection.Ask("select version()"))
        );
    }

    [Fact]
    public void A_collation_of_the_hook_that_was_replaced_is_the_hooks_again()
    {
        Options.ConnectionOpened = RegisterVersionOne;
        OnTheNextLease(
            connection => connection.SqliteConnection.CreateCollation("mine", string.CompareOrdinal),
            connection => Assert.Equal("1", connection.Ask("select 'b' < 'a' collate mine"))
        );
    }

    [Fact]
    public void One_that_was_removed_while_another_was_added_is_back()
    {
        Options.ConnectionOpened = RegisterVersionOne;
        OnTheNextLease(
            connection =>
            {
                connection.SqliteConnection.CreateFunction("version", (Func<long>?)null!);
                connection.SqliteConnection.CreateFunction("other", () => 2L);
            },
            connection =>
            {
                Assert.Equal("1", connection.Ask("select version()"));
                AssertUnknown(connection, "select other()");
            }
        );
    }

    [Fact]
    public void The_drivers_connection_can_be_looked_at_without_cost() =>
        OnTheSameConnection(
            connection => Assert.Equal("main", connection.SqliteConnection.Database),
            connection => Assert.Equal("main", connection.SqliteConnection.Database)
        );

    [Fact]
    public void A_blob_read_through_the_drivers_connection_costs_no_connection() =>
        OnTheSameConnection(
            connection =>
            {
                connection.Run("create table b(id integer primary key, data); insert into b values(1, x'0102')");
                using SqliteBlob blob = new(connection.SqliteConnection, "b", "data", 1, readOnly: true);
                Assert.Equal(1, blob.ReadByte());
            },
            connection => Assert.Equal("1", connection.Ask("select count(*) from b"))
        );

    [Fact]
    public void A_blob_that_was_left_open_does_not_hold_the_next_lease_to_what_it_saw()
    {
        SqliteBlob? blob = null;
        OnTheNextLease(
            connection =>
            {
                connection.Run("create table b(id integer primary key, data); insert into b values(1, x'01')");
                blob = new SqliteBlob(connection.SqliteConnection, "b", "data", 1, readOnly: true);
                Assert.Equal(1, blob.ReadByte());
            },
            connection =>
            {
                using SqliteConnection direct = Database.OpenDirectly();
                direct.Run("update b set data = x'02'");
                Assert.Equal("02", connection.Ask("select hex(data) from b"));
            }
        );

        // SQLite keeps a closed connection until its last blob is closed.
        blob!.Dispose();
    }

    private static void RegisterVersionOne(SqliteConnection connection)
    {
        connection.CreateFunction("version", () => 1L);
        connection.CreateCollation("mine", (x, y) => string.CompareOrdinal(y, x));
    }

    private static void AssertUnknown(SqlitePoolConnection connection, string sql) =>
        Assert.Contains(
            "no such",
            Assert.Throws<SqliteException>(() => connection.Ask(sql)).Message,
            StringComparison.Ordinal
        );
}
