using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class PragmasDoNotBleedTests : TwoLeases
{
    [Theory]
    [InlineData("foreign_keys", "OFF", "0", "1")]
    [InlineData("synchronous", "OFF", "0", "1")]
    [InlineData("cache_size", "77", "77", "-16000")]
    [InlineData("busy_timeout", "1", "1", "30000")]
    [InlineData("mmap_size", "0", "0", "268435456")]
    [InlineData("wal_autocheckpoint", "3", "3", "1000")]
    [InlineData("journal_size_limit", "-1", "-1", "67108864")]
    [InlineData("journal_mode", "DELETE", "delete", "wal")]
    public void One_that_the_pool_sets_is_put_right_on_the_same_connection(
        string name,
        string value,
        string changed,
        string restored
    ) =>
        OnTheSameConnection(
            connection =>
            {
                connection.Run($"PRAGMA {name}={value}");
                Assert.Equal(changed, connection.Ask($"PRAGMA {name}"));
            },
            connection => Assert.Equal(restored, connection.Ask($"PRAGMA {name}"))
        );

    [Theory]
    [InlineData("query_only", "ON", "0")]
    [InlineData("recursive_triggers", "ON", "0")]
    [InlineData("read_uncommitted", "ON", "0")]
    [InlineData("defer_foreign_keys", "ON", "0")]
    [InlineData("ignore_check_constraints", "ON", "0")]
    [InlineData("reverse_unordered_selects", "ON", "0")]
    [InlineData("writable_schema", "ON", "0")]
    [InlineData("locking_mode", "EXCLUSIVE", "normal")]
    [InlineData("threads", "3", "0")]
    [InlineData("legacy_alter_table", "ON", "0")]
    [InlineData("trusted_schema", "OFF", "1")]
    [InlineData("cell_size_check", "ON", "0")]
    [InlineData("temp_store", "FILE", "2")]
    public void One_that_the_pool_does_not_set_goes_with_its_connection(string name, string value, string fresh) =>
        OnTheNextLease(
            connection =>
            {
                connection.Run($"PRAGMA {name}={value}");
                Assert.NotEqual(fresh, connection.Ask($"PRAGMA {name}"));
            },
            connection => Assert.Equal(fresh, connection.Ask($"PRAGMA {name}"))
        );

    [Theory]
    [InlineData("PRAGMA temp_store=MEMORY; PRAGMA synchronous=NORMAL", "temp_store", "2")]
    [InlineData("PRAGMA temp_store=2", "temp_store", "2")]
    [InlineData("PRAGMA synchronous=FULL; PRAGMA synchronous=NORMAL", "synchronous", "1")]
    [InlineData("PRAGMA synchronous=NORMAL; PRAGMA synchronous=FULL", "synchronous", "1")]
    [InlineData("PRAGMA foreign_keys=yes; PRAGMA foreign_keys=no", "foreign_keys", "1")]
    [InlineData("PRAGMA foreign_keys=true; PRAGMA foreign_keys=unknown", "foreign_keys", "1")]
    [InlineData("PRAGMA recursive_triggers=ON", "recursive_triggers", "0")]
    [InlineData("PRAGMA query_only=1", "query_only", "0")]
    [InlineData("PRAGMA query_only=0", "query_only", "0")]
    [InlineData("PRAGMA defer_foreign_keys=ON", "defer_foreign_keys", "0")]
    [InlineData("PRAGMA analysis_limit=7", "analysis_limit", "0")]
    [InlineData("PRAGMA trusted_schema=OFF", "trusted_schema", "1")]
    [InlineData("EXPLAIN PRAGMA recursive_triggers=ON", "recursive_triggers", "0")]
    public void One_whose_value_is_known_costs_no_connection(string sql, string name, string restored) =>
        OnTheSameConnection(
            connection => connection.Run(sql),
            connection => Assert.Equal(restored, connection.Ask($"PRAGMA {name}"))
        );

    [Fact]
    public void One_that_is_set_to_the_number_it_reads_as_and_takes_that_otherwise_is_not_taken_for_unchanged()
    {
        Options.ConnectionOpened = static connection => connection.Run("PRAGMA secure_delete=fast");
        OnTheNextLease(
            static connection =>
            {
                Assert.Equal("2", connection.Ask("PRAGMA secure_delete"));
                connection.Run("PRAGMA secure_delete=2");
                Assert.Equal("1", connection.Ask("PRAGMA secure_delete"));
            },
            static connection => Assert.Equal("2", connection.Ask("PRAGMA secure_delete"))
        );
    }

    [Theory]
    [InlineData(
        "create virtual table f using fts5(x); insert into f values ('word')",
        "select count(*) from f where f match 'word'"
    )]
    [InlineData(
        "create virtual table r using rtree(id, a, b); insert into r values (1, 0, 1)",
        "select count(*) from r where a < 1"
    )]
    public void A_table_with_statements_of_its_own_costs_no_connection(string sql, string query)
    {
        void First(SqlitePoolConnection connection)
        {
            connection.Run(sql);
            Assert.NotNull(connection.SqliteConnection);
            Assert.Equal("1", connection.Ask(query));
        }

        void Second(SqlitePoolConnection connection) => Assert.Equal("1", connection.Ask(query));

        // An older engine cannot tell whether a statement still reads: there the connection is closed, to be safe.
        if (raw.sqlite3_libversion_number() >= 3_051_000)
        {
            OnTheSameConnection(First, Second);
        }
        else
        {
            OnTheNextLease(First, Second);
            Assert.Equal(1, Pool.GetStatistics().Discarded);
        }
    }

    [Fact]
    public void How_it_is_written_makes_no_difference() =>
        OnTheSameConnection(
            connection =>
                connection.Run(
                    "  pragma /* hidden */ main . \"Synchronous\" ( off ) ; select 1; PRAGMA\nForeign_Keys(0)"
                ),
            connection =>
            {
                Assert.Equal("1", connection.Ask("PRAGMA synchronous"));
                Assert.Equal("1", connection.Ask("PRAGMA foreign_keys"));
            }
        );

    [Fact]
    public void It_need_only_be_prepared_to_be_noticed() =>
        OnTheSameConnection(
            connection =>
            {
                using SqlitePoolCommand command = connection.CreateCommand("PRAGMA foreign_keys=OFF");
                command.Prepare();
            },
            connection => Assert.Equal("1", connection.Ask("PRAGMA foreign_keys"))
        );

    [Fact]
    public void Case_sensitive_like_is_undone() =>
        OnTheNextLease(
            connection =>
            {
                connection.Run("PRAGMA case_sensitive_like=ON");
                Assert.Equal("0", connection.Ask("select 'A' like 'a'"));
            },
            connection => Assert.Equal("1", connection.Ask("select 'A' like 'a'"))
        );

    [Fact]
    public void One_of_the_temp_database_is_undone() =>
        OnTheNextLease(
            connection =>
            {
                connection.Run("PRAGMA temp.cache_size=77");
                Assert.Equal("77", connection.Ask("PRAGMA temp.cache_size"));
            },
            connection => Assert.NotEqual("77", connection.Ask("PRAGMA temp.cache_size"))
        );

    [Fact]
    public void One_of_a_database_that_the_hook_attached_is_undone()
    {
        string side = Database.In("side.db");
        Options.ConnectionOpened = connection =>
            connection.Run($"attach '{side}' as side; PRAGMA side.synchronous=FULL");
        OnTheNextLease(
            connection => connection.Run("PRAGMA side.synchronous=OFF"),
            connection => Assert.Equal("2", connection.Ask("PRAGMA side.synchronous"))
        );
    }

    [Fact]
    public void What_the_hook_has_set_stays()
    {
        Options.ConnectionOpened = connection => connection.Run("PRAGMA recursive_triggers=ON");
        OnTheSameConnection(
            connection => Assert.Equal("1", connection.Ask("PRAGMA recursive_triggers")),
            connection => Assert.Equal("1", connection.Ask("PRAGMA recursive_triggers"))
        );
    }

    [Fact]
    public void One_of_the_pools_own_that_the_hook_has_changed_is_what_the_hook_made_it()
    {
        Options.ConnectionOpened = connection => connection.Run("PRAGMA cache_size=500");
        OnTheNextLease(
            connection => connection.Run("PRAGMA cache_size=77"),
            connection => Assert.Equal("500", connection.Ask("PRAGMA cache_size"))
        );
    }

    [Fact]
    public void An_additional_one_is_put_right()
    {
        Options.Pragmas.Additional["secure_delete"] = "1";
        OnTheSameConnection(
            connection => connection.Run("PRAGMA secure_delete=OFF"),
            connection => Assert.Equal("1", connection.Ask("PRAGMA secure_delete"))
        );
    }

    [Fact]
    public void Every_lease_of_many_sees_the_same_ones()
    {
        for (int i = 0; i < 20; i++)
        {
            OnTheNextLease(
                connection =>
                    connection.Run($"PRAGMA foreign_keys=OFF; PRAGMA synchronous={i % 4}; PRAGMA cache_size={i}"),
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
        }

        Assert.Equal(1, Pool.GetStatistics().Misses);
    }
}
