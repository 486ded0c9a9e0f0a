using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Execution;

public sealed class StatementCacheTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public StatementCacheTests()
    {
        _pool = _database.OneConnection();
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(id integer primary key, value)");
        connection.Run("insert into t(value) values ('a'), ('b'), ('c')");
    }

    [Fact]
    public void A_text_is_prepared_once_and_kept_for_the_next_lease()
    {
        const string Sql = "select count(*) from t /* kept */";
        for (int i = 0; i < 5; i++)
        {
            using SqlitePoolConnection connection = _pool.Rent();
            for (int j = 0; j < 5; j++)
            {
                Assert.Equal("3", connection.Ask(Sql));
            }
        }

        Assert.Equal(1, Prepared(Sql));
    }

    [Fact]
    public void Reading_a_text_again_and_again_prepares_nothing_more()
    {
        const string Sql = "select value from t /* read */";
        int after = 0;
        for (int i = 0; i < 20; i++)
        {
            using (SqlitePoolConnection connection = _pool.Rent())
            {
                Assert.Equal(["a", "b", "c"], Values(connection, Sql));
            }

            int now = Prepared(Sql);
            Assert.True(after == 0 || now == after, $"{after} statements became {now}.");
            after = now;
        }
    }

    [Fact]
    public void Commands_that_nobody_disposes_do_not_pile_up_statements_during_a_long_lease()
    {
        const string Sql = "select value from t /* forgotten */";
        using SqlitePoolConnection connection = _pool.Rent();
        for (int i = 0; i < 200; i++)
        {
#pragma warning disable CA2000 // That is what the test is about.
            DbDataReader reader = connection.CreateCommand(Sql).ExecuteReader();
#pragma warning restore CA2000
            Assert.True(reader.Read());
            reader.Close();
        }

        Assert.InRange(connection.PreparedStatements().Count(sql => sql == Sql), 1, 50);
    }

    [Fact]
    public void Two_readers_of_one_text_are_open_at_once()
    {
        const string Sql = "select value from t order by id";
        using SqlitePoolConnection connection = _pool.Rent();
        using SqlitePoolCommand first = connection.CreateCommand(Sql);
        using SqlitePoolCommand second = connection.CreateCommand(Sql);
        using DbDataReader one = first.ExecuteReader();
        using DbDataReader two = second.ExecuteReader();
        List<string> seen = [];
        while (one.Read())
        {
            seen.Add(one.GetString(0));
            Assert.True(two.Read());
            seen.Add(two.GetString(0));
            Assert.Equal("a", connection.Ask(Sql));
        }

        Assert.Equal(["a", "a", "b", "b", "c", "c"], seen);
        Assert.False(two.Read());
    }

    [Fact]
    public void No_more_are_kept_than_allowed_and_the_least_recently_used_goes_first()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.StatementCacheSize = 3;
        using SqlitePool pool = new(options);
        using SqlitePoolConnection connection = pool.Rent();
        foreach (string sql in (string[])["select 101", "select 102", "select 103", "select 101", "select 104"])
        {
            connection.Ask(sql);
        }

        Assert.Equal(
            ["select 101", "select 103", "select 104"],
            connection.PreparedStatements().Where(sql => sql.StartsWith("select 1", StringComparison.Ordinal)).Order()
        );
        for (int i = 200; i < 300; i++)
        {
            connection.Ask($"select {i}");
        }

        Assert.Equal(
            3,
            connection.PreparedStatements().Count(sql => sql.StartsWith("select ", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void A_size_of_zero_keeps_nothing()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.StatementCacheSize = 0;
        using SqlitePool pool = new(options);
        using SqlitePoolConnection connection = pool.Rent();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("7", connection.Ask("select 7"));
            Assert.Equal(["a", "b", "c"], Values(connection, "select value from t"));
            connection.Run("update t set value = value");
        }

        Assert.DoesNotContain("select 7", connection.PreparedStatements());
        Assert.DoesNotContain("select value from t", connection.PreparedStatements());
        Assert.DoesNotContain("update t set value = value", connection.PreparedStatements());
    }

    [Theory]
    [InlineData("create table kept(x)")]
    [InlineData("pragma user_version")]
    [InlineData("pragma user_version = 5")]
    [InlineData("explain select * from t")]
    [InlineData("explain query plan select * from t")]
    [InlineData("attach ':memory:' as kept")]
    public void What_changes_the_session_or_the_schema_is_not_kept(string sql)
    {
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run(sql);
        Assert.DoesNotContain(sql, connection.PreparedStatements());
    }

    [Theory]
    [InlineData(1)]
    [InlineData("text")]
    [InlineData(1.5f)]
    public void A_value_is_gone_for_the_next_run(object value)
    {
        using SqlitePoolConnection connection = _pool.Rent();
        foreach (bool scalar in (bool[])[true, false])
        {
            using (SqlitePoolCommand command = connection.CreateCommand("select $x"))
            {
                command.Parameters.AddWithValue("$x", value);
                _ = scalar ? command.ExecuteScalar() : command.ExecuteNonQuery();
            }

            using SqlitePoolCommand without = connection.CreateCommand("select $x");
            Assert.Throws<InvalidOperationException>(() => without.ExecuteScalar());
            Assert.Throws<InvalidOperationException>(() => without.ExecuteNonQuery());
            Assert.Throws<InvalidOperationException>(() => without.ExecuteReader());
        }
    }

    [Fact]
    public async Task A_big_value_is_not_held_by_the_statement_that_stored_it()
    {
        using SqlitePoolConnection connection = _pool.Rent();
        WeakReference value = Store(connection);
        await Limit.Until(() =>
        {
            GC.Collect();
            return !value.IsAlive;
        });

        // A memory is for the driver, as the other parameter makes it one for the driver too.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Store(SqlitePoolConnection connection)
        {
            byte[] big = new byte[100_000];
            using SqlitePoolCommand command = connection.CreateCommand("insert into t(value) select $x where $y > 0");
            command.Parameters.AddWithValue("$x", big);
            command.Parameters.AddWithValue("$y", 1m);
            command.ExecuteNonQuery();
            return new WeakReference(big);
        }
    }

    [Fact]
    public void Values_that_failed_do_not_stay_either()
    {
        using SqlitePoolConnection connection = _pool.Rent();
        using (SqlitePoolCommand command = connection.CreateCommand("insert into t(id, value) values ($id, $value)"))
        {
            command.Parameters.AddWithValue("$id", 1);
            command.Parameters.AddWithValue("$value", "x");
            Assert.Equal(19, Assert.Throws<SqliteException>(() => command.ExecuteNonQuery()).SqliteErrorCode);
        }

        using SqlitePoolCommand again = connection.CreateCommand("insert into t(id, value) values ($id, $value)");
        again.Parameters.AddWithValue("$id", 10);
        Assert.Throws<InvalidOperationException>(() => again.ExecuteNonQuery());
        again.Parameters.AddWithValue("$value", "y");
        Assert.Equal(1, again.ExecuteNonQuery());
        Assert.Equal("y", connection.Ask("select value from t where id = 10"));
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private static List<string> Values(SqlitePoolConnection connection, string sql)
    {
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        using DbDataReader reader = command.ExecuteReader();
        List<string> values = [];
        while (reader.Read())
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }

    private int Prepared(string sql)
    {
        using SqlitePoolConnection connection = _pool.Rent();
        return connection.PreparedStatements().Count(prepared => prepared == sql);
    }
}
