using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class OpenReadersDoNotBleedTests : TwoLeases
{
    [Fact]
    public void An_open_reader_is_closed()
    {
        DbDataReader? reader = null;
        OnTheSameConnection(
            connection =>
            {
                reader = connection.CreateCommand("select 1 union all select 2").ExecuteReader();
                Assert.True(reader.Read());
            },
            connection => connection.Run("begin exclusive; create table t(x); drop table t; rollback")
        );

        Assert.True(reader!.IsClosed);
        Assert.ThrowsAny<InvalidOperationException>(() => reader.Read());
    }

    [Fact]
    public void A_reader_and_its_command_can_be_disposed_after_their_lease()
    {
        SqlitePoolConnection connection = Pool.Rent();
        SqlitePoolCommand command = connection.CreateCommand("select 1 union all select 2; select 3");
        DbDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());

        connection.Dispose();
        reader.Dispose();
        command.Dispose();
    }

    [Fact]
    public void Several_open_readers_are_closed() =>
        OnTheSameConnection(
            connection =>
            {
                for (int i = 0; i < 5; i++)
                {
                    Assert.True(connection.CreateCommand("select 1 union all select 2").ExecuteReader().Read());
                }
            },
            connection => connection.Run("begin exclusive; rollback")
        );

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_rest_of_a_batch_in_which_a_reader_stands_is_not_run(bool prepared)
    {
        OnTheNextLease(
            connection =>
            {
                connection.Run("create table t(value int)");
                SqlitePoolCommand command = connection.CreateCommand(
                    "select 1 union all select 2; insert into t values(99)"
                );
                if (prepared)
                {
                    command.Prepare();
                }

                Assert.True(command.ExecuteReader().Read());
            },
            connection => Assert.Equal("0", connection.Ask("select count(*) from t"))
        );
    }

    [Fact]
    public void The_rest_of_a_batch_is_not_run_outside_the_transaction_that_it_was_meant_for() =>
        OnTheNextLease(
            connection =>
            {
                connection.Run("create table t(value int)");
                connection.BeginTransaction();
                DbDataReader reader = connection
                    .CreateCommand(
                        "insert into t values(1); select 1 union all select 2; commit; insert into t values(2)"
                    )
                    .ExecuteReader();
                Assert.True(reader.Read());
            },
            connection => Assert.Equal("0", connection.Ask("select count(*) from t"))
        );

    [Fact]
    public void A_reader_whose_lease_was_dropped_does_not_run_the_rest_of_its_batch_when_the_pool_is_closed()
    {
        SqlitePoolConnection connection = Pool.Rent();
        connection.Run("create table t(value int)");
        DbDataReader reader = connection
            .CreateCommand("select 1 union all select 2; insert into t values(99)")
            .ExecuteReader();
        Assert.True(reader.Read());
        Pool.Dispose();
        connection.Dispose();

        using SqliteConnection direct = Database.OpenDirectly();
        Assert.Equal("0", direct.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_command_that_was_not_disposed_is_not_held_by_its_connection()
    {
        List<WeakReference> commands = [];
        for (int i = 0; i < 10; i++)
        {
            commands.Add(ForgetCommand());
        }

        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !commands.Exists(static command => command.IsAlive);
        });
        Assert.Equal(1, Pool.GetStatistics().Misses);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference ForgetCommand()
    {
        using SqlitePoolConnection connection = Pool.Rent();
        SqlitePoolCommand command = connection.CreateCommand("select 1");
        command.Prepare();
        return new WeakReference(command);
    }
}
