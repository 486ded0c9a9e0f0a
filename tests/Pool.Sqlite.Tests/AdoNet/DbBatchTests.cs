using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>Several commands at once.</summary>
public sealed class DbBatchTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public DbBatchTests()
    {
        _pool = new SqlitePool(_database.Options());
        using SqlitePoolConnection lease = _pool.Rent();
        lease.Run("create table t(a unique)");
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_commands_are_stored_together_and_each_says_what_it_changed(bool async)
    {
        using SqlitePoolConnection lease = _pool.Rent();
        Assert.True(lease.CanCreateBatch);
        using DbBatch batch = lease.CreateBatch();
        Add(batch, "insert into t values ($a), ($a + 1)", 1);
        Add(batch, "select count(*) from t where a > $a", 0);
        Add(batch, "delete from t where a = $a", 2);
        Assert.Equal(3, async ? await batch.ExecuteNonQueryAsync() : batch.ExecuteNonQuery());
        Assert.Equal([2, -1, 1], batch.BatchCommands.Select(command => command.RecordsAffected));
        Assert.Equal("1", lease.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_fails_leaves_nothing_and_the_next_writer_need_not_wait(bool async)
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using DbBatch batch = lease.CreateBatch();
        Add(batch, "insert into t values ($a)", 1);
        Add(batch, "insert into t values ($a)", 1);
        SqliteException refused = async
            ? await Assert.ThrowsAsync<SqliteException>(() => batch.ExecuteNonQueryAsync())
            : Assert.Throws<SqliteException>(() => batch.ExecuteNonQuery());
        Assert.Equal(19, refused.SqliteErrorCode);
        using SqlitePoolConnection other = _pool.Rent();
        Assert.Equal(1, other.Run("insert into t values (1)"));
        Assert.Equal("1", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task Its_results_are_read_one_after_the_other()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        await using DbBatch batch = lease.CreateBatch();
        Add(batch, "insert into t values ($a) returning a", 7);
        Add(batch, "select a + $a from t", 1);
        await using (DbDataReader reader = await batch.ExecuteReaderAsync())
        {
            Assert.True(await reader.ReadAsync());
            Assert.Equal(7, reader.GetInt64(0));
            Assert.True(await reader.NextResultAsync());
            Assert.True(await reader.ReadAsync());
            Assert.Equal(8, reader.GetInt64(0));
            Assert.False(await reader.NextResultAsync());
        }

        Assert.Equal("7", lease.Ask("select a from t"));
    }

    [Fact]
    public void One_command_may_need_what_another_makes()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using DbBatch batch = lease.CreateBatch();
        Add(batch, "create table made(x)", null);
        Add(batch, "insert into made values ($a)", 5);
        Add(batch, "select x from made", null);
        Assert.Equal(5L, batch.ExecuteScalar());
        Assert.Equal("5", lease.Ask("select x from made"));
    }

    [Fact]
    public void In_a_transaction_it_is_a_part_of_that()
    {
        using SqlitePoolConnection lease = _pool.Rent();
        using (SqlitePoolTransaction transaction = lease.BeginTransaction())
        {
            using DbBatch batch = lease.CreateBatch();
            Assert.Same(transaction, batch.Transaction);
            Add(batch, "insert into t values ($a)", 1);
            batch.ExecuteNonQuery();
        }

        Assert.Equal("0", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public void What_only_reads_waits_for_no_writer()
    {
        using SqlitePoolConnection writer = _pool.RentWriter();
        writer.Run("insert into t values (1)");
        using SqlitePoolConnection lease = _pool.Rent();
        using DbBatch batch = lease.CreateBatch();
        Add(batch, "select count(*) from t", null);
        Assert.Equal(1L, batch.ExecuteScalar());
    }

    [Fact]
    public async Task A_pool_makes_one_that_rents_for_itself()
    {
        await using (DbBatch batch = _pool.CreateBatch())
        {
            Add(batch, "insert into t values ($a)", 1);
            Assert.Equal(1, await batch.ExecuteNonQueryAsync());
        }

        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_pools_own_gives_its_connection_back_after_each_execution(bool async)
    {
        await using DbBatch batch = _pool.CreateBatch();
        Add(batch, "insert into t values ($a) returning a", 1);
        Assert.Equal(1L, async ? await batch.ExecuteScalarAsync() : batch.ExecuteScalar());
        Assert.Equal(0, _pool.GetStatistics().InUse);
        await Assert.ThrowsAsync<SqliteException>(async () =>
            _ = async ? await batch.ExecuteNonQueryAsync() : batch.ExecuteNonQuery()
        );
        Assert.Equal(0, _pool.GetStatistics().InUse);
        batch.BatchCommands.Clear();
        Add(batch, "select a from t", null);
        using (DbDataReader reader = async ? await batch.ExecuteReaderAsync() : batch.ExecuteReader())
        {
            Assert.True(reader.Read());
            Assert.Equal(1, _pool.GetStatistics().InUse);
        }

        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    private static void Add(DbBatch batch, string sql, object? value)
    {
        DbBatchCommand command = batch.CreateBatchCommand();
        command.CommandText = sql;
        if (value is not null)
        {
            command.Parameters.Add(new SqliteParameter("$a", value));
        }

        batch.BatchCommands.Add(command);
    }
}
