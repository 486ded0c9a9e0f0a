using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class ReaderLeaseTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public ReaderLeaseTests()
    {
        _pool = new SqlitePool(_database.Options());
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(id integer primary key, value)");
        connection.Run("insert into t(value) values (1)");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_committed_elsewhere_after_its_first_statement_is_not_seen(bool async)
    {
        using (SqlitePoolConnection reader = async ? await _pool.RentReaderAsync() : _pool.RentReader())
        {
            Assert.Equal(SqlitePoolConnectionRole.Reader, reader.Role);
            Assert.Equal("1", reader.Ask("select count(*) from t"));
            Assert.Equal(1, await _pool.ExecuteAsync($"insert into t(value) values (2)"));
            Assert.Equal("1", reader.Ask("select count(*) from t"));
            using SqlitePoolCommand command = reader.CreateCommand("select * from t");
            using DbDataReader rows = command.ExecuteReader();
            Assert.True(rows.Read());
            Assert.False(rows.Read());
        }

        using SqlitePoolConnection next = _pool.RentReader();
        Assert.Equal("2", next.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task What_is_committed_before_its_first_statement_is_seen()
    {
        using SqlitePoolConnection reader = _pool.RentReader();
        await _pool.ExecuteAsync($"insert into t(value) values (2)");
        Assert.Equal("2", reader.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData("insert into t(value) values (2)")]
    [InlineData("insert into t(value) values (2) returning id")]
    [InlineData("with a as (select 1) update t set value = 2")]
    [InlineData("delete from t")]
    [InlineData("create table x(a)")]
    [InlineData("drop table t")]
    [InlineData("create temp table x(a)")]
    [InlineData("select 1; delete from t")]
    [InlineData("pragma user_version = 7")]
    [InlineData("vacuum")]
    [InlineData("begin")]
    [InlineData("begin immediate")]
    [InlineData("commit")]
    [InlineData("rollback")]
    [InlineData("end")]
    [InlineData("savepoint s")]
    [InlineData("select 1; commit")]
    public async Task What_writes_or_ends_the_snapshot_is_refused_before_it_runs(string sql)
    {
        using (SqlitePoolConnection reader = _pool.RentReader())
        {
            for (int i = 0; i < 2; i++)
            {
                using SqlitePoolCommand command = reader.CreateCommand(sql);
                Assert.Contains(
                    "reader lease",
                    Assert.Throws<InvalidOperationException>(() => command.ExecuteNonQuery()).Message,
                    StringComparison.Ordinal
                );
                Assert.Throws<InvalidOperationException>(() => command.ExecuteReader());
                await Assert.ThrowsAsync<InvalidOperationException>(() => command.ExecuteScalarAsync());
                Assert.Equal("1", reader.Ask("select count(*) from t"));
            }
        }

        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal("1", connection.Ask("select sum(value) from t"));
        Assert.Equal("0", connection.Ask("pragma user_version"));
        connection.Run("insert into t(value) values (2)");
    }

    [Fact]
    public async Task It_begins_no_transaction_of_its_own()
    {
        using SqlitePoolConnection reader = _pool.RentReader();
        Assert.Contains(
            "reader lease",
            Assert.Throws<InvalidOperationException>(() => reader.BeginTransaction()).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<InvalidOperationException>(() => reader.BeginTransaction(deferred: true));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.BeginTransactionAsync());
        Assert.Equal("1", reader.Ask("select count(*) from t"));
    }

    [Fact]
    public void It_goes_back_without_a_warning_and_as_a_connection_for_all()
    {
        using TestLog log = new();
        using SqlitePool pool = _database.OneConnection(log);
        long number;
        using (SqlitePoolConnection reader = pool.RentReader())
        {
            number = reader.Number();
            reader.Ask("select count(*) from t");
        }

        using SqlitePoolConnection next = pool.Rent();
        Assert.Equal(number, next.Number());
        Assert.Equal(1, next.Run("insert into t(value) values (2)"));
        Assert.Empty(log.Warnings);
    }

    [Fact]
    public async Task ReadAsync_runs_on_one_snapshot_and_answers()
    {
        string? counts = await _pool.ReadAsync(async reader =>
        {
            string? before = reader.Ask("select count(*) from t");
            await _pool.ExecuteAsync($"insert into t(value) values (2)");
            return before + reader.Ask("select count(*) from t");
        });
        Assert.Equal("11", counts);
        await _pool.ReadAsync(reader =>
            Task.FromResult(Assert.Throws<InvalidOperationException>(() => reader.Run("delete from t")))
        );
        await Assert.ThrowsAsync<FormatException>(() =>
            _pool.ReadAsync(_ => Task.FromException(new FormatException()))
        );
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public void Readers_do_not_wait_for_the_writer_nor_it_for_them()
    {
        using SqlitePoolConnection reader = _pool.RentReader();
        Assert.Equal("1", reader.Ask("select count(*) from t"));
        using SqlitePoolConnection writer = _pool.RentWriter();
        writer.Run("insert into t(value) values (2)");
        using SqlitePoolConnection other = _pool.RentReader();
        Assert.Equal("2", other.Ask("select count(*) from t"));
        Assert.Equal("1", reader.Ask("select count(*) from t"));
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }
}
