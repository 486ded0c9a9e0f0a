using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>The driver's own object on a reader lease: it reads, and what writes is refused by SQLite.</summary>
public sealed class ReaderLeaseDriverTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();
    private readonly SqlitePool _pool;

    public ReaderLeaseDriverTests()
    {
        _pool = _database.OneConnection(_log);
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(id integer primary key, value); create table u(id integer primary key, t int)");
        connection.Run("insert into t(value) values (x'01'), (x'02'); insert into u(t) values (1), (1), (2)");
    }

    [Theory]
    [InlineData("insert into t(value) values (2)")]
    [InlineData("update t set value = 2 returning id")]
    [InlineData("delete from t")]
    [InlineData("create table x(a)")]
    [InlineData("drop table t")]
    [InlineData("create temp table x(a)")]
    [InlineData("pragma user_version = 7")]
    [InlineData("begin immediate")]
    [InlineData("vacuum")]
    public void What_writes_is_refused_also_before_and_after_the_first_statement(string sql)
    {
        foreach (bool inSnapshot in new[] { false, true })
        {
            using SqlitePoolConnection reader = _pool.RentReader();
            if (inSnapshot)
            {
                Assert.Equal("2", reader.Ask("select count(*) from t"));
            }

            SqliteException refused = Assert.Throws<SqliteException>(() => reader.SqliteConnection.Run(sql));
            if (sql is not "vacuum" and not "begin immediate")
            {
                Assert.Equal(SQLitePCL.raw.SQLITE_READONLY, refused.SqliteErrorCode);
            }

            Assert.Equal("2", reader.Ask("select count(*) from t"));
            Assert.Equal("2", reader.SqliteConnection.Ask("select count(*) from t"));
        }

        AssertNextLeaseWrites();
    }

    [Fact]
    public void A_blob_can_be_read_and_not_written()
    {
        using (SqlitePoolConnection reader = _pool.RentReader())
        {
            using SqliteBlob blob = new(reader.SqliteConnection, "t", "value", 2, readOnly: true);
            Assert.Equal(2, blob.ReadByte());
            Assert.Throws<SqliteException>(() => new SqliteBlob(reader.SqliteConnection, "t", "value", 2));
        }

        AssertNextLeaseWrites();
        AssertNothingWasReplaced();
    }

    [Fact]
    public void A_reader_that_is_open_goes_on()
    {
        using (SqlitePoolConnection reader = _pool.RentReader())
        {
            // The inner table is opened anew for each row, which SQLite refuses to a statement that has to be prepared
            // anew.
            using SqlitePoolCommand command = reader.CreateCommand(
                "select id, (select count(*) from u where u.t = t.id) from t"
            );
            using DbDataReader rows = command.ExecuteReader();
            Assert.True(rows.Read());
            Assert.Equal(2, rows.GetInt32(1));
            using SqliteBlob blob = new(reader.SqliteConnection, "t", "value", rows.GetInt32(0), readOnly: true);
            Assert.Equal(1, blob.ReadByte());
            Assert.True(rows.Read());
            Assert.Equal(1, rows.GetInt32(1));
            Assert.False(rows.Read());
        }

        AssertNextLeaseWrites();
        AssertNothingWasReplaced();
    }

    [Fact]
    public void Functions_and_collations_work()
    {
        using (SqlitePoolConnection reader = _pool.RentReader())
        {
            reader.SqliteConnection.CreateFunction("twice", (long value) => 2 * value);
            reader.SqliteConnection.CreateCollation("backwards", (a, b) => string.CompareOrdinal(b, a));
            Assert.Equal("4", reader.Ask("select twice(id) from t order by id || '' collate backwards"));
        }

        using SqlitePoolConnection next = _pool.Rent();
        Assert.Equal(1, next.Run("insert into t(value) values (3)"));
    }

    [Theory]
    [InlineData("pragma query_only = 0")]
    [InlineData("pragma query_only = 1")]
    public void What_the_lease_makes_of_the_switch_itself_ends_with_it(string sql)
    {
        using (SqlitePoolConnection reader = _pool.RentReader())
        {
            reader.Run(sql);
            Assert.Equal("1", reader.SqliteConnection.Ask("pragma query_only"));
        }

        AssertNextLeaseWrites();
        using (SqlitePoolConnection reader = _pool.RentReader())
        {
            Assert.NotNull(reader.SqliteConnection);
            reader.Run(sql);
        }

        AssertNextLeaseWrites();
    }

    [Fact]
    public void A_switch_that_the_hook_has_set_stays()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.ConnectionOpened = static driver => driver.Run("pragma query_only = 1");
        using SqlitePool pool = new(options);
        using (SqlitePoolConnection reader = pool.RentReader())
        {
            reader.Run("pragma query_only = 0");
            Assert.Equal("1", reader.SqliteConnection.Ask("pragma query_only"));
        }

        using SqlitePoolConnection next = pool.Rent();
        Assert.Equal("1", next.Ask("pragma query_only"));
    }

    [Fact]
    public void A_lease_that_may_write_writes_through_it()
    {
        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal(1, connection.SqliteConnection.Run("insert into t(value) values (3)"));
        using SqliteBlob blob = new(connection.SqliteConnection, "t", "value", 2);
        blob.WriteByte(3);
    }

    [Fact]
    public void In_a_database_in_memory_it_is_the_same()
    {
        using SqlitePool pool = new("Data Source=:memory:");
        using (SqlitePoolConnection reader = pool.RentReader())
        {
            Assert.Throws<SqliteException>(() => reader.SqliteConnection.Run("create table x(a)"));
        }

        using SqlitePoolConnection next = pool.Rent();
        next.Run("create table x(a)");
    }

    private void AssertNextLeaseWrites()
    {
        using SqlitePoolConnection next = _pool.Rent();
        Assert.Equal("0", next.Ask("pragma query_only"));
        Assert.Equal(1, next.Run("update t set value = value where id = 1"));
        Assert.Equal("2", next.Ask("select count(*) from t"));
        Assert.Equal("0", next.Ask("pragma user_version"));
    }

    private void AssertNothingWasReplaced()
    {
        Assert.Equal(0, _pool.GetStatistics().Discarded);
        Assert.Empty(_log.Warnings);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
        _log.Dispose();
    }
}
