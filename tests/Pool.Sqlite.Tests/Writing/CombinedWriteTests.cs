using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>A short write that waits at the gate may be run by the thread that leaves it. Nobody can tell.</summary>
public sealed class CombinedWriteTests : GateTest
{
    private const string Endless =
        "with recursive n(i) as (select 0 union all select i + 1 from n) insert into t(value) select i from n";

    [Fact]
    public async Task Those_who_wait_write_in_the_order_in_which_they_came()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task<int>[] writes = [.. Enumerable.Range(1, 8).Select(number => Insert(number))];
        Assert.All(writes, write => Assert.False(write.IsCompleted));
        transaction.Commit();
        await Task.WhenAll(writes).Limited();
        Assert.All(writes, write => Assert.Equal(1, write.Result));
        Assert.Equal(
            "1,2,3,4,5,6,7,8",
            holder.Ask("select group_concat(value) from (select value from t order by id)")
        );
        await AssertComesFree();
    }

    [Fact]
    public async Task One_that_fails_fails_alone()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task<int> before = Insert(1);
        Task<int> bad = Run("insert into rule values (-1)");
        Task<int> after = Insert(2);
        transaction.Commit();
        SqliteException refused = await Assert.ThrowsAsync<SqliteException>(() => bad.Limited());
        Assert.Contains("CHECK", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await before.Limited());
        Assert.Equal(1, await after.Limited());
        Assert.Equal("2", Count);
        await AssertComesFree();
    }

    [Fact]
    public async Task Who_leaves_is_not_kept_by_one_that_does_not_end()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        using CancellationTokenSource stop = new();
        Task<int> endless = Run(Endless, stop.Token);
        Task<int> after = Insert(1);

        await Limit.OnThread(transaction.Commit).Limited();

        Assert.False(endless.IsCompleted);
        Assert.False(after.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless.Limited());
        Assert.Equal(1, await after.Limited());
        Assert.Equal("1", Count);
        await AssertComesFree();
    }

    [Fact]
    public async Task One_that_is_cancelled_while_it_waits_never_runs()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        using CancellationTokenSource stop = new();
        Task<int> cancelled = Run("insert into t(value) values (1)", stop.Token);
        Task<int> after = Insert(2);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Limited());
        transaction.Commit();
        Assert.Equal(1, await after.Limited());
        Assert.Equal("1", Count);
        await AssertComesFree();
    }

    [Fact]
    public async Task One_whose_lease_went_back_never_runs()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        SqlitePoolConnection lease = Pool.Rent();
        Task<int> gone = OtherFlow.Run(() =>
            lease.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync(CancellationToken.None)
        );
        Task<int> after = Insert(2);
        lease.Dispose();
        transaction.Commit();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => gone.Limited());
        Assert.Equal(1, await after.Limited());
        Assert.Equal("1", Count);
        await AssertComesFree();
    }

    [Fact]
    public async Task Nothing_is_left_on_its_thread_by_one_whose_lease_went_back()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        SqlitePoolConnection lease = Pool.Rent();
        using ManualResetEventSlim committed = new();
        Task<string?> next = OtherFlow.Run(() =>
            Limit.OnThread(() =>
            {
                Assert.ThrowsAny<InvalidOperationException>(() => lease.Run("insert into t(value) values (1)"));
                committed.Pass();
                using SqlitePoolConnection other = Pool.Rent();
                return other.Ask("select 'its own'");
            })
        );
        await Limit.Until(() => Pool.GetStatistics().WriteGateWaiting == 1);
        lease.Dispose();
        transaction.Commit();
        committed.Set();
        Assert.Equal("its own", await next.Limited());
        Assert.Equal("0", Count);
        await AssertComesFree();
    }

    [Fact]
    public async Task One_that_meets_the_lock_of_another_process_waits_for_it_by_itself()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        SqlitePoolConnection holder = Pool.RentWriter();
        outside.Run("begin immediate");
        Task<int> first = Insert(1);
        Task<int> second = Insert(2);

        await Limit.OnThread(holder.Dispose).Limited();

        Assert.False(first.IsCompleted);
        Assert.False(second.IsCompleted);
        outside.Run("commit");
        await Task.WhenAll(first, second).Limited();
        Assert.Equal("2", Count);
        await AssertComesFree();
    }

    [Fact]
    public async Task One_whose_lease_went_back_as_its_turn_came_leaves_the_gate_to_the_next()
    {
        using SqliteConnection outside = Database.OpenDirectly();
        Warm(3);
        for (int i = 0; i < 20; i++)
        {
            SqlitePoolConnection holder = Pool.RentWriter();
            outside.Run("begin immediate");
            SqlitePoolConnection lease = Pool.Rent();
            Task<int> gone = OtherFlow.Run(() =>
                lease.CreateCommand("insert into t(value) values (1)").ExecuteNonQueryAsync(CancellationToken.None)
            );

            // It is let in, meets the lock from outside, and its lease goes back before it can go on.
            holder.Dispose();
            lease.Dispose();
            using SqlitePoolConnection next = Pool.RentWriter();
            outside.Run("commit");
            await Assert.ThrowsAnyAsync<InvalidOperationException>(() => gone.Limited());
            await AssertHeld();
        }

        Assert.Equal("0", Count);
        await AssertComesFree();
    }

    [Fact]
    public async Task A_value_comes_back_to_who_asked_for_it()
    {
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task<object?>[] asked = [.. Enumerable.Range(1, 5).Select(number => OtherFlow.Run(() => Ask(number)))];
        transaction.Commit();
        Assert.Equal([1L, 2L, 3L, 4L, 5L], await Task.WhenAll(asked).Limited());

        async Task<object?> Ask(int number)
        {
            using SqlitePoolConnection lease = Pool.Rent();
            return await lease
                .CreateCommand($"insert into t(value) values ({number}) returning value")
                .ExecuteScalarAsync();
        }
    }

    [Fact]
    public async Task Functions_of_the_caller_run_on_the_thread_of_the_caller()
    {
        AsyncLocal<int> caller = new();
        SqlitePoolOptions options = Database.Options();
        options.ConnectionOpened = connection => connection.CreateFunction("caller", () => caller.Value);
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection holder = pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task[] writes = [.. Enumerable.Range(1, 5).Select(number => OtherFlow.Run(() => Write(number)))];
        transaction.Commit();
        await Task.WhenAll(writes).Limited();
        Assert.Equal("1,2,3,4,5", holder.Ask("select group_concat(value) from (select value from t order by value)"));

        async Task Write(int number)
        {
            caller.Value = number;
            using SqlitePoolConnection lease = pool.Rent();
            await lease.CreateCommand("insert into t(value) values (caller())").ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task Thousands_of_all_kinds_at_once_are_all_there()
    {
        const int Each = 300;
        Task[] tasks =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ => Limit.OnThread(() => Repeat(lease => lease.Run("insert into t(value) values (1)")))),
            .. Enumerable
                .Range(0, 6)
                .Select(_ =>
                    RepeatAsync(lease => lease.CreateCommand("insert into t(value) values (2)").ExecuteNonQueryAsync())
                ),
            .. Enumerable
                .Range(0, 4)
                .Select(_ =>
                    RepeatAsync(async lease =>
                    {
                        await using SqlitePoolTransaction transaction = await lease.BeginTransactionAsync();
                        await lease.CreateCommand("insert into t(value) values (3)").ExecuteNonQueryAsync();
                        await transaction.CommitAsync();
                    })
                ),
        ];
        await Task.WhenAll(tasks).Limited();
        Assert.Equal((14 * Each).ToString(System.Globalization.CultureInfo.InvariantCulture), Count);
        Assert.Equal(0, Pool.GetStatistics().InUse);
        await AssertComesFree();

        void Repeat(Action<SqlitePoolConnection> write)
        {
            for (int i = 0; i < Each; i++)
            {
                using SqlitePoolConnection lease = Pool.Rent();
                write(lease);
            }
        }

        async Task RepeatAsync(Func<SqlitePoolConnection, Task> write)
        {
            for (int i = 0; i < Each; i++)
            {
                using SqlitePoolConnection lease = await Pool.RentAsync();
                await write(lease);
            }
        }
    }

    [Fact]
    public async Task What_is_cancelled_at_any_moment_is_stored_if_and_only_if_it_succeeds()
    {
        const int Writers = 12;
        const int Each = 250;
        bool[] succeeded = new bool[Writers * Each];
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(Cancel)).Limited();

        using SqliteConnection direct = Database.OpenDirectly();
        using SqliteCommand command = direct.CreateCommand();
        command.CommandText = "select value from t";
        using SqliteDataReader reader = command.ExecuteReader();
        HashSet<long> stored = [];
        while (reader.Read())
        {
            Assert.True(stored.Add(reader.GetInt64(0)), $"{reader.GetInt64(0)} is stored twice.");
        }

        Assert.All(succeeded.Index(), write => Assert.Equal(write.Item, stored.Contains(write.Index)));
        Assert.True(stored.Count >= succeeded.Length / 2, "Those that nobody cancels are stored.");
        await AssertComesFree();

        async Task Cancel(int writer)
        {
            await Task.Yield();
            for (int number = writer * Each; number < (writer + 1) * Each; number++)
            {
                using CancellationTokenSource stop = new();
                Task<int> write = Run($"insert into t(value) values ({number})", stop.Token);
                if (number % 2 == 0)
                {
                    Thread.SpinWait(number % 97 * 50);
                    await stop.CancelAsync();
                }

                try
                {
                    await write;
                    succeeded[number] = true;
                }
                catch (OperationCanceledException) { }
            }
        }
    }

    private Task<int> Insert(int number) => Run($"insert into t(value) values ({number})");

    // As another flow: one that holds the gate is refused what it waits for, once it has done nothing for a second.
    private Task<int> Run(string sql, CancellationToken cancellationToken = default) =>
        OtherFlow.Run(() => RunHere(sql, cancellationToken));

    private async Task<int> RunHere(string sql, CancellationToken cancellationToken)
    {
        using SqlitePoolConnection lease = Pool.Rent(CancellationToken.None);
        SqlitePoolCommand command = lease.CreateCommand(sql);
        command.CommandTimeout = 0;
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
