using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

public sealed class ConcurrentWritesTests : GateTest
{
    [Fact]
    public async Task Sixteen_who_write_on_plain_leases_all_succeed()
    {
        const int Tasks = 16;
        const int Each = 60;
        await Task.WhenAll(
                Enumerable
                    .Range(0, Tasks)
                    .Select(writer =>
                        writer % 2 == 0
                            ? Limit.OnThread(() => WriteMany(writer))
                            : Task.Run(() => WriteManyAsync(writer))
                    )
            )
            .Limited();

        Assert.Equal($"{Tasks * Each}", Count);

        void WriteMany(int writer)
        {
            for (int i = 0; i < Each; i++)
            {
                using SqlitePoolConnection connection = Pool.Rent();
                using SqlitePoolCommand command = Insert(connection, writer, i);
                Assert.Equal(1, command.ExecuteNonQuery());
            }
        }

        async Task WriteManyAsync(int writer)
        {
            for (int i = 0; i < Each; i++)
            {
                using SqlitePoolConnection connection = await Pool.RentAsync();
                using SqlitePoolCommand command = Insert(connection, writer, i);
                Assert.Equal(1, await command.ExecuteNonQueryAsync());
            }
        }

        // A decimal goes through the driver, an integer does not.
        static SqlitePoolCommand Insert(SqlitePoolConnection connection, int writer, int i)
        {
            SqlitePoolCommand command = connection.CreateCommand("insert into t(value) values ($value)");
            command.Parameters.AddWithValue("$value", i % 3 == 0 ? (decimal)i : (writer * 1000) + i);
            return command;
        }
    }

    [Fact]
    public async Task Transactions_that_read_and_then_write_lose_no_update()
    {
        Pool.Rent().Dispose();
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            connection.Run("insert into t values (1, 0)");
        }

        await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(writer => writer % 2 == 0 ? Limit.OnThread(Increment) : Task.Run(IncrementAsync))
            )
            .Limited();

        using SqlitePoolConnection check = Pool.Rent();
        Assert.Equal("320", check.Ask("select value from t"));

        void Increment()
        {
            for (int i = 0; i < 40; i++)
            {
                using SqlitePoolConnection connection = Pool.Rent();
                using SqlitePoolTransaction transaction = connection.BeginTransaction();
                long value = Convert.ToInt64(connection.Ask("select value from t"), null);
                connection.Run($"update t set value = {value + 1}");
                transaction.Commit();
            }
        }

        async Task IncrementAsync()
        {
            for (int i = 0; i < 40; i++)
            {
                using SqlitePoolConnection connection = await Pool.RentAsync();
                await connection.CreateCommand("begin immediate").ExecuteNonQueryAsync();
                long value = (long)(await connection.CreateCommand("select value from t").ExecuteScalarAsync())!;
                await connection.CreateCommand($"update t set value = {value + 1}").ExecuteNonQueryAsync();
                await connection.CreateCommand("commit").ExecuteNonQueryAsync();
            }
        }
    }

    [Fact]
    public async Task Two_pools_on_one_file_share_the_gate_even_through_a_link()
    {
        string link = Database.In("link.db");
        File.CreateSymbolicLink(link, Database.Path);
        using SqlitePool linked = new($"Data Source={link}");
        using SqlitePool relative = new(
            $"Data Source={Path.GetRelativePath(Environment.CurrentDirectory, Database.Path)}"
        );
        foreach (SqlitePool pool in (SqlitePool[])[linked, relative])
        {
            using SqlitePoolConnection other = pool.Rent();
            SqlitePoolTransaction transaction = other.BeginTransaction();
            await AssertHeld();
            transaction.Commit();
            AssertFree();
        }
    }

    [Fact]
    public async Task Pools_on_other_files_do_not_share_it()
    {
        using SqlitePool pool = new($"Data Source={Database.In("other.db")}");
        using SqlitePoolConnection other = pool.Rent();
        using SqlitePoolTransaction transaction = other.BeginTransaction();
        AssertFree();
        await transaction.CommitAsync();
    }

    [Fact]
    public async Task Who_waits_for_the_gate_goes_in_in_turn()
    {
        const int Writers = 8;
        Warm(Writers + 1);
        using SqlitePoolConnection holder = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        List<Task> writes = [];
        List<SqlitePoolConnection> leases = [];
        for (int i = 0; i < Writers; i++)
        {
            SqlitePoolConnection lease = await Pool.RentAsync();
            leases.Add(lease);
            string sql = $"insert into t(value) values ({i})";
            writes.Add(OtherFlow.Run(() => lease.CreateCommand(sql).ExecuteNonQueryAsync()));
            Assert.False(writes[^1].IsCompleted);
        }

        transaction.Commit();
        await Task.WhenAll(writes).Limited();
        Assert.Equal(
            "0,1,2,3,4,5,6,7",
            holder.Ask("select group_concat(value) from (select value from t order by id)")
        );
        leases.ForEach(lease => lease.Dispose());
    }

    [Fact]
    public async Task Nobody_who_comes_later_passes_those_who_wait()
    {
        Warm(4);
        using SqlitePoolConnection holder = Pool.Rent();
        using SqlitePoolConnection first = Pool.Rent();
        using SqlitePoolConnection second = Pool.Rent();
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task<int> waiting = OtherFlow.Run(() => first.CreateCommand("begin immediate").ExecuteNonQueryAsync());
        transaction.Commit();
        Task<int> later = OtherFlow.Run(() =>
            second.CreateCommand("insert into t values (2, 'second')").ExecuteNonQueryAsync()
        );
        await waiting.Limited();
        Assert.False(later.IsCompleted);
        first.Run("insert into t values (1, 'first')");
        first.Run("commit");
        await later.Limited();
    }
}
