using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

public sealed class DoubleDisposeTests
{
    [Fact]
    public void Disposing_twice_does_not_take_the_connection_from_the_next_lease()
    {
        using TempDatabase database = new();
        using SqlitePool pool = new(database.Options(size: 1, overflow: 1));
        SqlitePoolConnection first = pool.Rent();
        first.Dispose();
        using SqlitePoolConnection second = pool.Rent();

        first.Dispose();
        first.Close();
        using SqlitePoolConnection third = pool.Rent();

        Assert.NotSame(second.Native(), third.Native());
        Assert.Equal(2, pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task Every_way_to_give_back_can_follow_every_other()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        SqlitePoolConnection connection = await pool.RentAsync();

        await connection.CloseAsync();
        connection.Close();
        connection.Dispose();
        await connection.DisposeAsync();

        Assert.Equal(0, pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task Disposing_from_two_threads_at_once_gives_back_once()
    {
        const int Rounds = 10_000;
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options(size: 2, overflow: 0));
        SqlitePoolConnection? lease = null;
        using Barrier barrier = new(2);
        Task other = Limit.OnThread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                barrier.SignalAndWait();
                Volatile.Read(ref lease)!.Dispose();
                barrier.SignalAndWait();
            }
        });
        Task one = Limit.OnThread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                Volatile.Write(ref lease, pool.Rent());
                barrier.SignalAndWait();
                lease!.Dispose();
                barrier.SignalAndWait();
            }
        });

        // So many changes from thread to thread take a minute where there is one core, and that is busy.
        await Task.WhenAll(one, other).WaitAsync(TimeSpan.FromMinutes(10));

        // A permit too many, and there would be a third connection; one too few, and the second rent would wait.
        using SqlitePoolConnection first = pool.Rent();
        using SqlitePoolConnection second = pool.Rent();
        Task<SqlitePoolConnection> three = pool.RentAsync().AsTask();
        Assert.False(three.IsCompleted);
        Assert.NotSame(first.Native(), second.Native());
        first.Dispose();
        (await three.Limited()).Dispose();
        Assert.Equal(Rounds + 3, pool.GetStatistics().Rents);
    }

    [Fact]
    public async Task Disposed_is_raised()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        List<object?> raised = [];
        SqlitePoolConnection connection = pool.Rent();
        SqlitePoolCommand command = connection.CreateCommand("select 1");
        SqlitePoolConnection other = pool.Rent();
        connection.Disposed += (sender, _) => raised.Add(sender);
        command.Disposed += (sender, _) => raised.Add(sender);
        other.Disposed += (sender, _) => raised.Add(sender);
        command.Dispose();
        connection.Dispose();
        await other.DisposeAsync();
        Assert.Equal<object?>([command, connection, other], raised);
    }
}
