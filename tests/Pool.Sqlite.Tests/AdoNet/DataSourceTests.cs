using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>The pool as what libraries know it by: a <see cref="DbDataSource"/>.</summary>
public sealed class DataSourceTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;
    private readonly DbDataSource _source;

    public DataSourceTests() => _source = _pool = _database.OneConnection();

    private int InUse => _pool.GetStatistics().InUse;

    [Fact]
    public async Task Open_connection_rents()
    {
        using (DbConnection connection = await _source.OpenConnectionAsync())
        {
            Assert.IsType<SqlitePoolConnection>(connection);
            Assert.Equal(1, InUse);
        }

        using (DbConnection connection = _source.OpenConnection())
        {
            Assert.Equal("1", connection.Ask("select 1"));
        }

        Assert.Equal(0, InUse);
    }

    [Fact]
    public async Task A_created_connection_rents_when_it_is_opened_and_gives_back_when_it_is_closed()
    {
        using DbConnection connection = _source.CreateConnection();
        Assert.Equal(ConnectionState.Closed, connection.State);
        Assert.Equal(0, _pool.GetStatistics().Open);

        for (int i = 0; i < 3; i++)
        {
            await connection.OpenAsync();
            Assert.Equal(1, InUse);
            Assert.Equal("1", connection.Ask("select 1"));
            await connection.CloseAsync();
            Assert.Equal(0, InUse);
        }
    }

    [Fact]
    public async Task Opening_twice_at_once_is_refused_and_rents_once()
    {
        SqlitePoolConnection holder = _pool.Rent();
        SqlitePoolConnection connection = _pool.CreateConnection();
        Task first = connection.OpenAsync(CancellationToken.None);
        Task second = connection.OpenAsync(CancellationToken.None);
        Assert.Throws<InvalidOperationException>(connection.Open);
        holder.Dispose();
        await first.Limited();
        await Assert.ThrowsAsync<InvalidOperationException>(() => second.Limited());
        Assert.Equal("1", connection.Ask("select 1"));
        connection.Dispose();
        Assert.Equal(0, InUse);
    }

    [Fact]
    public async Task After_an_open_that_failed_it_can_be_opened()
    {
        using SqlitePoolConnection connection = _pool.CreateConnection();
        using (_pool.Rent())
        {
            using CancellationTokenSource stop = new();
            Task open = connection.OpenAsync(stop.Token);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => open.Limited());
        }

        await connection.OpenAsync(CancellationToken.None).Limited();
        Assert.Equal("1", connection.Ask("select 1"));
    }

    [Fact]
    public void Opening_and_closing_twice_does_nothing_more()
    {
        using SqlitePoolConnection connection = _pool.CreateConnection();
        connection.Open();
        connection.Open();
        Assert.Equal(1, _pool.GetStatistics().Rents);

        connection.Close();
        connection.Close();
        Assert.Equal(0, InUse);
    }

    [Fact]
    public void It_tells_of_its_changes_of_state()
    {
        List<string> seen = [];
        using (DbConnection connection = _source.CreateConnection())
        {
            connection.StateChange += (_, change) => seen.Add($"{change.OriginalState} to {change.CurrentState}");
            connection.Open();
            connection.Close();
            connection.Open();
        }

        Assert.Equal(["Closed to Open", "Open to Closed", "Closed to Open", "Open to Closed"], seen);
    }

    [Fact]
    public void A_closed_connection_says_so_and_a_disposed_one_does_not_open_again()
    {
        SqlitePoolConnection connection = _pool.CreateConnection();
        SqlitePoolCommand command = connection.CreateCommand("select 1");
        InvalidOperationException closed = Assert.Throws<InvalidOperationException>(() => command.ExecuteScalar());
        Assert.IsNotType<ObjectDisposedException>(closed);
        Assert.Contains("Open it first", closed.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => connection.BeginTransaction());
        Assert.Throws<InvalidOperationException>(() => connection.SqliteConnection);
        Assert.Equal(0, connection.LeaseId);

        connection.Dispose();
        Assert.Throws<ObjectDisposedException>(connection.Open);
    }

    [Fact]
    public void A_command_outlives_the_closing_and_opening_of_its_connection()
    {
        using SqlitePoolConnection connection = _pool.CreateConnection();
        using SqlitePoolCommand command = connection.CreateCommand("select $x");
        command.Parameters.AddWithValue("$x", 5);
        for (int i = 0; i < 3; i++)
        {
            connection.Open();
            Assert.Equal(5L, command.ExecuteScalar());
            connection.Close();
        }
    }

    [Fact]
    public async Task A_command_of_the_source_rents_for_one_execution()
    {
        using DbCommand command = _source.CreateCommand("create table t(x); insert into t values(1), (2)");
        Assert.Equal(2, await command.ExecuteNonQueryAsync());
        Assert.Equal(0, InUse);

        using DbCommand count = _source.CreateCommand("select count(*) from t");
        Assert.Equal(2L, count.ExecuteScalar());
        Assert.Equal(0, InUse);
    }

    [Fact]
    public async Task A_reader_of_a_command_of_the_source_holds_a_connection_until_it_is_closed()
    {
        using DbCommand command = _source.CreateCommand("select 1 union all select 2");
        DbDataReader reader = await command.ExecuteReaderAsync();
        Assert.Equal(1, InUse);
        Assert.True(await reader.ReadAsync());

        await reader.DisposeAsync();

        Assert.Equal(0, InUse);
    }

    [Fact]
    public void A_command_of_the_source_that_fails_gives_its_connection_back()
    {
        using DbCommand command = _source.CreateCommand("selekt 1");

        Assert.Throws<SqliteException>(() => command.ExecuteNonQuery());
        Assert.Throws<SqliteException>(() => command.ExecuteReader());

        Assert.Equal(0, InUse);
    }

    [Fact]
    public void A_reader_asked_to_close_the_connection_gives_it_back()
    {
        using SqlitePoolConnection connection = _pool.CreateConnection();
        connection.Open();
        using SqlitePoolCommand command = connection.CreateCommand("select 1 as one, null as missing; select 'two'");
        using (DbDataReader reader = command.ExecuteReader(CommandBehavior.CloseConnection))
        {
            Assert.True(reader.Read());
            Assert.Equal(1, reader.GetInt32("one"));
            Assert.True(reader.IsDBNull(1));
            Assert.Equal(2, reader.FieldCount);
            Assert.True(reader.NextResult());
            Assert.True(reader.Read());
            Assert.Equal("two", reader.GetFieldValue<string>(0));
            Assert.Equal(1, InUse);
        }

        Assert.Equal(ConnectionState.Closed, connection.State);
        Assert.Equal(0, InUse);
    }

    [Fact]
    public async Task A_command_of_the_source_waits_its_turn()
    {
        SqlitePoolConnection held = _pool.Rent();
        using DbCommand command = _source.CreateCommand("select 7");
        Task<object?> answer = command.ExecuteScalarAsync();
        await Limit.Until(() => _pool.GetStatistics().Waiting == 1);

        held.Dispose();

        Assert.Equal(7L, await answer.Limited());
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }
}
