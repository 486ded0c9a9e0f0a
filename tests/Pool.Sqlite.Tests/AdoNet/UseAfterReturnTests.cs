using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>
/// What is left of a lease after its return throws, and never reaches the next one, which has the same physical
/// connection here.
/// </summary>
public sealed class UseAfterReturnTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;
    private readonly SqlitePoolConnection _first;

    public UseAfterReturnTests()
    {
        _pool = _database.OneConnection();
        _first = _pool.Rent();
        _first.Run("create table t(value int)");
    }

    [Fact]
    public void The_lease_itself_says_that_it_has_gone_back()
    {
        _first.Dispose();
        using SqlitePoolConnection next = _pool.Rent();

        ObjectDisposedException error = Assert.Throws<ObjectDisposedException>(() =>
            _first.Run("insert into t values(1)")
        );
        Assert.Contains("Rent a new one", error.Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => _first.BeginTransaction());
        Assert.Throws<ObjectDisposedException>(() => _first.SqliteConnection);
        Assert.Throws<ObjectDisposedException>(() => _first.GetSchema());
        Assert.Throws<ObjectDisposedException>(_first.Retire);
        Assert.Throws<ObjectDisposedException>(_first.Open);
        Assert.Equal(ConnectionState.Closed, _first.State);
        Assert.Equal(0, _first.LeaseId);
        Assert.Equal("0", next.Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_command_throws(bool prepared, bool disposed)
    {
        SqlitePoolCommand command = _first.CreateCommand("insert into t values(1)");
        if (prepared)
        {
            command.Prepare();
        }

        if (disposed)
        {
            command.Dispose();
        }

        _first.Dispose();
        using SqlitePoolConnection next = _pool.Rent();

        Assert.Throws<ObjectDisposedException>(() => command.ExecuteNonQuery());
        Assert.Throws<ObjectDisposedException>(() => command.ExecuteScalar());
        Assert.Throws<ObjectDisposedException>(() => command.ExecuteReader());
        Assert.Throws<ObjectDisposedException>(command.Prepare);
        Assert.Equal("0", next.Ask("select count(*) from t"));
        command.Dispose();
    }

    [Fact]
    public async Task A_command_throws_when_it_is_run_asynchronously()
    {
        SqlitePoolCommand command = _first.CreateCommand("insert into t values(1)");
        await _first.DisposeAsync();
        using SqlitePoolConnection next = await _pool.RentAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => command.ExecuteNonQueryAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => command.ExecuteReaderAsync());
        Assert.Equal("0", next.Ask("select count(*) from t"));
    }

    [Fact]
    public void A_command_that_ran_before_throws_afterwards()
    {
        SqlitePoolCommand command = _first.CreateCommand("insert into t values(1)");
        command.ExecuteNonQuery();
        _first.Dispose();
        using SqlitePoolConnection next = _pool.Rent();

        Assert.Throws<ObjectDisposedException>(() => command.ExecuteNonQuery());
        Assert.Equal("1", next.Ask("select count(*) from t"));
    }

    [Fact]
    public void A_command_can_be_given_the_next_lease()
    {
        SqlitePoolCommand command = _first.CreateCommand("insert into t values(1)");
        command.Prepare();
        _first.Dispose();
        using SqlitePoolConnection next = _pool.Rent();
        command.Connection = next;

        Assert.Equal(1, command.ExecuteNonQuery());
    }

    [Fact]
    public void Disposing_a_command_late_does_not_disturb_the_next_lease()
    {
        SqlitePoolCommand command = _first.CreateCommand("select 1 union all select 2");
        DbDataReader reader = command.ExecuteReader();
        _first.Dispose();
        using SqlitePoolConnection next = _pool.Rent();
        using SqlitePoolCommand other = next.CreateCommand("select 1 union all select 2");
        using DbDataReader rows = other.ExecuteReader();
        Assert.True(rows.Read());

        command.Dispose();
        command.Dispose();

        Assert.True(rows.Read());
        Assert.ThrowsAny<InvalidOperationException>(() => reader.Read());
    }

    [Fact]
    public void A_transaction_that_is_committed_late_throws_and_commits_nothing_of_the_next_lease()
    {
        SqlitePoolTransaction transaction = _first.BeginTransaction();
        _first.Run("insert into t values(1)");
        _first.Dispose();
        using (SqlitePoolConnection next = _pool.Rent())
        {
            using SqlitePoolTransaction own = next.BeginTransaction();
            next.Run("insert into t values(2)");

            Assert.ThrowsAny<InvalidOperationException>(transaction.Commit);
            Assert.ThrowsAny<InvalidOperationException>(transaction.Rollback);
            Assert.ThrowsAny<InvalidOperationException>(() => transaction.Save("x"));
            transaction.Dispose();

            Assert.Equal("1", next.Ask("select count(*) from t"));
            own.Rollback();
        }

        using SqlitePoolConnection last = _pool.Rent();
        Assert.Equal("0", last.Ask("select count(*) from t"));
    }

    [Fact]
    public void A_command_of_an_old_transaction_does_not_run_on_the_next_lease()
    {
        SqlitePoolTransaction transaction = _first.BeginTransaction();
        SqlitePoolCommand command = _first.CreateCommand("insert into t values(1)");
        _first.Dispose();
        using SqlitePoolConnection next = _pool.Rent();
        command.Connection = next;

        Assert.Same(transaction, command.Transaction);
        Assert.ThrowsAny<InvalidOperationException>(() => command.ExecuteNonQuery());
        Assert.Equal("0", next.Ask("select count(*) from t"));
    }

    [Fact]
    public void A_reopened_connection_is_another_lease()
    {
        _first.Dispose();
        using SqlitePoolConnection connection = _pool.CreateConnection();
        connection.Open();
        long first = connection.LeaseId;
        SqlitePoolTransaction transaction = connection.BeginTransaction();
        connection.Run("insert into t values(1)");
        connection.Close();
        connection.Open();

        Assert.NotEqual(first, connection.LeaseId);
        Assert.ThrowsAny<InvalidOperationException>(transaction.Commit);
        Assert.Equal("0", connection.Ask("select count(*) from t"));
    }

    [Fact]
    public void Leases_are_objects_of_their_own_with_numbers_of_their_own()
    {
        HashSet<long> numbers = [_first.LeaseId];
        HashSet<SqlitePoolConnection> leases = [_first];
        _first.Dispose();
        for (int i = 0; i < 50; i++)
        {
            using SqlitePoolConnection lease = _pool.Rent();
            Assert.True(numbers.Add(lease.LeaseId));
            Assert.True(leases.Add(lease));
            Assert.Equal(SqlitePoolConnectionRole.ReadWrite, lease.Role);
        }

        Assert.DoesNotContain(0, numbers);
    }

    [Fact]
    public async Task No_two_leases_of_a_pool_that_are_out_have_one_number_whatever_they_are_for()
    {
        using SqlitePoolConnection writer = _pool.RentWriter();
        using SqlitePoolConnection inside = await _pool.RentAsync();

        Assert.Equal(
            3,
            new[] { _first, writer, inside }.Select(static lease => lease.LeaseId >> 32).Distinct().Count()
        );
        Assert.Equal(3, _pool.GetLeases().Select(static lease => lease.LeaseId).Distinct().Count());
    }

    [Fact]
    public void A_command_without_a_connection_says_so()
    {
        using SqlitePoolCommand command = new();
        command.CommandText = "select 1";

        Assert.Throws<InvalidOperationException>(() => command.ExecuteScalar());
    }

    public void Dispose()
    {
        _first.Dispose();
        _pool.Dispose();
        _database.Dispose();
    }
}
