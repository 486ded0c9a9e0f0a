using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>What a lease does to the driver's own object, past everything the pool can watch.</summary>
public sealed class DriverConnectionDoesNotBleedTests : TwoLeases
{
    [Fact]
    public void One_that_was_closed_is_not_lent_again() =>
        OnAnotherConnection(
            connection => connection.SqliteConnection.Close(),
            connection => Assert.Equal("1", connection.Ask("select 1"))
        );

    [Fact]
    public void One_that_was_closed_and_opened_again_has_the_PRAGMAs_of_the_pool() =>
        OnTheNextLease(
            connection =>
            {
                SqliteConnection driver = connection.SqliteConnection;
                driver.Close();
                driver.Open();
            },
            AssertAsOpened
        );

    [Fact]
    public void One_that_was_opened_on_another_file_is_not_lent_again() =>
        OnTheNextLease(
            connection =>
            {
                SqliteConnection driver = connection.SqliteConnection;
                driver.Close();
                driver.ConnectionString = $"Data Source={Database.In("other.db")};Pooling=False";
                driver.Open();
            },
            connection =>
            {
                AssertAsOpened(connection);
                Assert.Equal(
                    Database.Path,
                    connection.Ask("select file from pragma_database_list where name = 'main'")
                );
            }
        );

    [Fact]
    public void Its_default_timeout_is_the_one_of_the_connection_string()
    {
        Options.ConnectionString += ";Default Timeout=7";
        OnTheNextLease(
            connection => connection.SqliteConnection.DefaultTimeout = 1,
            connection =>
            {
                Assert.Equal(7, connection.SqliteConnection.DefaultTimeout);
                using SqlitePoolCommand command = connection.CreateCommand("select 1");
                command.ExecuteScalar();
                Assert.Equal(7, command.CommandTimeout);
            }
        );
    }

    [Fact]
    public void A_default_timeout_that_the_hook_has_set_stays()
    {
        Options.ConnectionOpened = connection => connection.DefaultTimeout = 5;
        OnTheNextLease(
            connection => connection.SqliteConnection.DefaultTimeout = 1,
            connection => Assert.Equal(5, connection.SqliteConnection.DefaultTimeout)
        );
    }

    [Fact]
    public void Extensions_that_were_enabled_or_disabled_are_again_as_the_engine_has_them()
    {
        bool fresh = false;
        OnTheNextLease(
            connection =>
            {
                fresh = MayLoadExtensions(connection);
                connection.SqliteConnection.EnableExtensions(!fresh);
                Assert.NotEqual(fresh, MayLoadExtensions(connection));
            },
            connection => Assert.Equal(fresh, MayLoadExtensions(connection))
        );
    }

    [Fact]
    public void Extensions_that_the_hook_has_enabled_stay_enabled()
    {
        Options.ConnectionOpened = connection => connection.EnableExtensions(true);
        OnTheSameConnection(
            connection => Assert.True(MayLoadExtensions(connection)),
            connection => Assert.True(MayLoadExtensions(connection))
        );
    }

    [Fact]
    public void A_reader_of_a_command_of_the_driver_is_closed() =>
        OnTheNextLease(
            connection =>
            {
                SqliteCommand command = connection.SqliteConnection.CreateCommand();
                command.CommandText = "select 1 union all select 2";
                Assert.True(command.ExecuteReader().Read());
            },
            connection =>
            {
                connection.Run("create table t(x)");
                connection.Run("drop table t");
            }
        );

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_rest_of_a_batch_in_which_a_reader_of_the_driver_stands_is_not_run(bool prepared) =>
        OnTheNextLease(
            connection =>
            {
                connection.Run("create table t(value int)");
                SqliteCommand command = connection.SqliteConnection.CreateCommand();
                command.CommandText = "select 1 union all select 2; insert into t values(99)";
                if (prepared)
                {
                    command.Prepare();
                }

                Assert.True(command.ExecuteReader().Read());
            },
            connection => Assert.Equal("0", connection.Ask("select count(*) from t"))
        );

    [Fact]
    public void An_unfinished_native_statement_keeps_its_connection_from_being_lent()
    {
        sqlite3_stmt? statement = null;
        try
        {
            using (SqlitePoolConnection connection = Pool.Rent())
            {
                sqlite3 native = connection.Native();
                Assert.Equal(
                    raw.SQLITE_OK,
                    raw.sqlite3_prepare_v2(native, "select 1 union all select 2", out statement)
                );
                Assert.Equal(raw.SQLITE_ROW, raw.sqlite3_step(statement));
            }

            using (SqlitePoolConnection connection = Pool.Rent())
            {
                Assert.Equal("1", connection.Ask("select 1"));
            }

            Assert.Equal(1, Pool.GetStatistics().Discarded);
            Assert.Contains(Log.Entries, entry => entry.Text.Contains("still running", StringComparison.Ordinal));
        }
        finally
        {
            // SQLite keeps a closed connection until its last statement is finalised.
            statement?.Dispose();
        }
    }

    private static void AssertAsOpened(SqlitePoolConnection connection)
    {
        Assert.Equal("1", connection.Ask("PRAGMA foreign_keys"));
        Assert.Equal("-16000", connection.Ask("PRAGMA cache_size"));
        Assert.Equal("30000", connection.Ask("PRAGMA busy_timeout"));
    }

    private static bool MayLoadExtensions(SqlitePoolConnection connection)
    {
        // Refused as not authorised while disabled; otherwise it fails for want of the file.
        SqliteException error = Assert.Throws<SqliteException>(() =>
            connection.Ask("select load_extension('/nowhere/x')")
        );
        return !error.Message.Contains("not authorized", StringComparison.Ordinal);
    }
}
