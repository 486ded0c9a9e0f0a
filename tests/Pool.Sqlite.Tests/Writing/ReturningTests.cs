using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>
/// A statement that answers what it has written has its first row before its foreign keys are checked and it is
/// committed: only its end says whether it is stored. The driver does not look. Here it ends before its rows are read.
/// </summary>
public sealed class ReturningTests : IDisposable
{
    private readonly TempDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Theory]
    [InlineData(true, 1, "")]
    [InlineData(false, 1, "")]
    [InlineData(true, 1f, "")]
    [InlineData(false, 1f, "")]
    [InlineData(true, 1, "deferrable initially deferred")]
    [InlineData(true, 1f, "deferrable initially deferred")]
    public async Task One_that_is_refused_at_its_end_fails(bool scalar, object value, string checkedWhen)
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table parent(id integer primary key)");
        lease.Run($"create table t(parent references parent {checkedWhen})");
        using SqlitePoolCommand command = lease.CreateCommand("insert into t values ($parent) returning parent");
        command.Parameters.AddWithValue("$parent", value);
        SqliteException refused = Assert.Throws<SqliteException>(() =>
            scalar ? command.ExecuteScalar() : command.ExecuteNonQuery()
        );
        Assert.Equal(19, refused.SqliteErrorCode);
        Assert.Equal("0", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task An_item_of_the_queue_that_is_refused_at_its_end_fails()
    {
        await using SqlitePool pool = new(_database.Options());
        await pool.ExecuteAsync($"create table parent(id integer primary key)");
        await pool.ExecuteAsync($"create table t(parent references parent)");
        Task refused = pool.Writes.EnqueueAsync(item => item.Ask("insert into t values (1) returning parent"));
        Assert.Equal(19, (await Assert.ThrowsAsync<SqliteException>(() => refused.Limited())).SqliteErrorCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_of_one_that_is_refused_at_its_end_is_not_opened(bool async)
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table parent(id integer primary key)");
        lease.Run("create table t(parent references parent deferrable initially deferred)");
        using SqlitePoolCommand command = lease.CreateCommand("insert into t values (1) returning parent");
        SqliteException refused = async
            ? await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteReaderAsync())
            : Assert.Throws<SqliteException>(() => command.ExecuteReader());
        Assert.Equal(19, refused.SqliteErrorCode);
        Assert.Equal("0", lease.Ask("select count(*) from t"));

        lease.Run("insert into parent values (1)");
        using DbDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal("1", lease.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_while_its_reader_is_open_leaves_it_its_rows(bool asText)
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(value)");
        SqlitePoolTransaction? transaction = asText ? null : lease.BeginTransaction();
        lease.Run(asText ? "begin immediate" : "select 1");
        using DbDataReader reader = lease
            .CreateCommand("insert into t values (1), (2) returning value")
            .ExecuteReader();
        Assert.True(reader.Read());
        if (asText)
        {
            lease.Run("commit");
        }
        else
        {
            transaction!.Commit();
        }

        Assert.Equal(1, reader.GetInt32(0));
        Assert.True(reader.Read());
        Assert.Equal(2, reader.GetInt32(0));
        Assert.False(reader.Read());
        Assert.Equal(2, await pool.ExecuteScalarAsync<int>($"select count(*) from t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_whose_commit_meets_a_reader_waits_for_it(bool scalar)
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.JournalMode = JournalMode.Delete;
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(value)");
        using SqliteConnection outside = _database.OpenDirectly();
        outside.Run("begin");
        Assert.Equal("0", outside.Ask("select count(*) from t"));

        using SqlitePoolCommand command = lease.CreateCommand("insert into t values (1) returning value");
        Task write = scalar ? command.ExecuteScalarAsync() : command.ExecuteNonQueryAsync();
        Assert.False(write.IsCompleted);
        outside.Run("commit");
        await write.Limited();
        Assert.Equal("1", outside.Ask("select count(*) from t"));
    }
}
