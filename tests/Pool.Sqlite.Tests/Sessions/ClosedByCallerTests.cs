using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>
/// The caller closes the driver's object, which belongs to the pool: the caller gets a clear error, the connection is
/// discarded, and the pool reads and writes on.
/// </summary>
public sealed class ClosedByCallerTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();

    public static TheoryData<string> Mistreatments => ["close", "dispose", "reopen", "another file"];

    [Theory]
    [MemberData(nameof(Mistreatments))]
    public async Task In_an_item_of_the_queue_it_fails_that_item_alone(string mistreatment)
    {
        await using SqlitePool pool = await MakePool();
        Task culprit = pool.Writes.EnqueueAsync(c => Mistreat(c.SqliteConnection, mistreatment));
        AssertClear(await Assert.ThrowsAsync<InvalidOperationException>(() => culprit.Limited()));

        await AssertWorks(pool);
    }

    [Fact]
    public async Task In_an_item_among_others_the_others_are_stored()
    {
        await using SqlitePool pool = await MakePool();
        using SqlitePoolConnection writer = await pool.RentWriterAsync();

        // Of another flow than the writer's, whose own items are refused when the writer does nothing for a second.
        (Task before, Task culprit, Task after) = OtherFlow.Run(() =>
            (
                pool.Writes.ExecuteAsync($"insert into t values (10)"),
                pool.Writes.EnqueueAsync(c => c.SqliteConnection.Close()),
                pool.Writes.ExecuteAsync($"insert into t values (11)")
            )
        );
        writer.Dispose();

        AssertClear(await Assert.ThrowsAsync<InvalidOperationException>(() => culprit.Limited()));
        await before.Limited();
        await after.Limited();
        await AssertWorks(pool);
        using SqlitePoolConnection reader = await pool.RentReaderAsync();
        Assert.Equal("2", reader.Ask("select count(*) from t where v in (10, 11)"));
    }

    [Theory]
    [MemberData(nameof(Mistreatments))]
    public async Task In_WriteAsync_it_fails_the_write(string mistreatment)
    {
        await using SqlitePool pool = await MakePool();
        AssertClear(
            await Assert.ThrowsAsync<InvalidOperationException>(() =>
                pool.WriteAsync(c =>
                    {
                        c.Run("insert into t values (99)");
                        Mistreat(c.SqliteConnection, mistreatment);
                        return Task.CompletedTask;
                    })
                    .Limited()
            )
        );

        await AssertWorks(pool);
    }

    [Theory]
    [MemberData(nameof(Mistreatments))]
    public async Task In_a_lease_the_next_statement_says_so(string mistreatment)
    {
        await using SqlitePool pool = await MakePool();
        using (SqlitePoolConnection lease = pool.Rent())
        {
            lease.Ask("select count(*) from t");
            Mistreat(lease.SqliteConnection, mistreatment);
            AssertClear(Assert.Throws<InvalidOperationException>(() => lease.Ask("select count(*) from t")));
            AssertClear(Assert.Throws<InvalidOperationException>(() => lease.Run("insert into t values (99)")));
            AssertClear(Assert.Throws<InvalidOperationException>(() => lease.BeginTransaction()));
        }

        await AssertWorks(pool);
    }

    [Theory]
    [MemberData(nameof(Mistreatments))]
    public async Task In_a_transaction_its_commit_says_so_and_the_gate_is_free(string mistreatment)
    {
        await using SqlitePool pool = await MakePool();
        using (SqlitePoolConnection lease = pool.Rent())
        {
            using SqlitePoolTransaction transaction = lease.BeginTransaction();
            lease.Run("insert into t values (99)");
            Mistreat(lease.SqliteConnection, mistreatment);
            AssertClear(Assert.Throws<InvalidOperationException>(transaction.Commit));
        }

        await AssertWorks(pool);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_a_lease_of_a_role_the_pool_works_on(bool writer)
    {
        await using SqlitePool pool = await MakePool();
        using (SqlitePoolConnection lease = writer ? pool.RentWriter() : pool.RentReader())
        {
            lease.Ask("select count(*) from t");
            lease.SqliteConnection.Dispose();
        }

        await AssertWorks(pool);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_that_is_open_says_so_and_can_be_disposed(bool afterItsLease)
    {
        await using SqlitePool pool = await MakePool();
        using (SqlitePoolConnection lease = pool.Rent())
        {
            SqlitePoolCommand command = lease.CreateCommand("select 1 union all select 2");
            DbDataReader reader = command.ExecuteReader();
            Assert.True(reader.Read());
            lease.SqliteConnection.Close();
            AssertClear(Assert.Throws<InvalidOperationException>(() => reader.Read()));
            if (afterItsLease)
            {
                lease.Dispose();
            }

            reader.Dispose();
            command.Dispose();
            Assert.True(reader.IsClosed);
        }

        await AssertWorks(pool);
    }

    [Fact]
    public async Task In_a_function_that_a_statement_calls_the_statement_ends_and_the_next_one_says_so()
    {
        await using SqlitePool pool = await MakePool();
        using (SqlitePoolConnection lease = pool.Rent())
        {
            SqliteConnection driver = lease.SqliteConnection;
            driver.CreateFunction(
                "close_it",
                () =>
                {
                    driver.Close();
                    return 98;
                }
            );
            lease.Run("insert into t values (close_it())");
            AssertClear(Assert.Throws<InvalidOperationException>(() => lease.Run("insert into t values (99)")));
        }

        await AssertWorks(pool);
    }

    [Fact]
    public async Task In_ConnectionOpened_the_rent_fails_with_a_reason()
    {
        await MakePool().ContinueWith(made => made.Result.Dispose(), TaskScheduler.Default);
        bool closes = true;
        SqlitePoolOptions options = _database.Options();
        options.ConnectionOpened = connection =>
        {
            if (closes)
            {
                connection.Close();
            }
        };
        await using SqlitePool pool = new(options, _log);
        Exception failure = await Assert.ThrowsAsync<InvalidOperationException>(() => pool.RentAsync().Limited());
        Assert.Contains("ConnectionOpened", failure.Message, StringComparison.Ordinal);
        Assert.Contains("closed", failure.Message, StringComparison.Ordinal);
        closes = false;
        await AssertWorks(pool);
    }

    [Fact]
    public async Task A_transaction_that_ConnectionOpened_leaves_open_fails_the_rent_with_a_reason()
    {
        await using SqlitePool made = await MakePool();
        SqlitePoolOptions options = _database.Options();
        bool begins = true;
        options.ConnectionOpened = connection =>
        {
            if (begins)
            {
                connection.Run("BEGIN IMMEDIATE");
            }
        };
        await using SqlitePool pool = new(options, _log);
        Exception failure = await Assert.ThrowsAsync<InvalidOperationException>(() => pool.RentAsync().Limited());
        Assert.Contains("transaction", failure.Message, StringComparison.Ordinal);
        begins = false;
        await AssertWorks(pool);
    }

    [Theory]
    [InlineData("close")]
    [InlineData("begin")]
    public async Task In_Renting_the_connection_is_discarded_and_another_is_lent(string what)
    {
        await MakePool().ContinueWith(made => made.Result.Dispose(), TaskScheduler.Default);
        int calls = 0;
        SqlitePoolOptions options = _database.Options();
        options.Renting = connection => DoOnce(connection, what, ref calls);
        await using SqlitePool pool = new(options, _log);
        await AssertWorks(pool);
        Assert.Contains(_log.Warnings, entry => entry.Text.Contains("Renting", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("close")]
    [InlineData("begin")]
    public async Task In_Returning_the_connection_is_discarded(string what)
    {
        await MakePool().ContinueWith(made => made.Result.Dispose(), TaskScheduler.Default);
        int calls = 0;
        SqlitePoolOptions options = _database.Options();
        options.Returning = connection => DoOnce(connection, what, ref calls);
        await using SqlitePool pool = new(options, _log);
        pool.Rent().Dispose();
        await AssertWorks(pool);
        Assert.Contains(_log.Warnings, entry => entry.Text.Contains("Returning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_was_kept_and_closed_after_its_lease_is_not_lent_to_others()
    {
        await using SqlitePool pool = await MakePool();
        SqliteConnection kept;
        using (SqlitePoolConnection lease = pool.Rent())
        {
            kept = lease.SqliteConnection;
        }

        kept.Close();
        await AssertWorks(pool);
        Assert.Equal(1, pool.GetStatistics().Discarded);
    }

    [Fact]
    public async Task One_that_a_PostFailed_handler_closes_is_not_used_for_the_next_batch()
    {
        await using SqlitePool pool = await MakePool();
        SqliteConnection? kept = null;
        pool.Writes.PostFailed += (_, _) => kept!.Close();
        Action<SqlitePoolConnection> fails = c =>
        {
            kept = c.SqliteConnection;
            throw new InvalidDataException("not today");
        };
        pool.Writes.TryPost(fails);
        await pool.Writes.FlushAsync().Limited();
        await AssertWorks(pool);
    }

    public void Dispose()
    {
        _log.Dispose();
        _database.Dispose();
    }

    private static bool DoOnce(SqliteConnection connection, string what, ref int calls)
    {
        if (Interlocked.Increment(ref calls) == 1)
        {
            if (what == "close")
            {
                connection.Close();
            }
            else
            {
                connection.Run("BEGIN IMMEDIATE");
            }
        }

        return true;
    }

    private async Task<SqlitePool> MakePool()
    {
        SqlitePool pool = new(_database.Options(), _log);
        await pool.ExecuteAsync($"create table if not exists t (v)");
        return pool;
    }

    private void Mistreat(SqliteConnection driver, string how)
    {
        switch (how)
        {
            case "close":
                driver.Close();
                break;
            case "dispose":
                driver.Dispose();
                break;
            case "reopen":
                driver.Close();
                driver.Open();
                break;
            default:
                driver.Close();
                driver.ConnectionString = $"Data Source={_database.In("other.db")};Pooling=False";
                driver.Open();
                break;
        }
    }

    private static void AssertClear(Exception failure) =>
        Assert.Contains("belongs to the pool", failure.Message, StringComparison.Ordinal);

    /// <summary>Every way to write and to read works, at once and for as many leases as there can be.</summary>
    private static async Task AssertWorks(SqlitePool pool)
    {
        await pool.Writes.ExecuteAsync($"insert into t values (1)").Limited();
        await pool.ExecuteAsync($"insert into t values (2)").Limited();
        await pool.WriteAsync(c =>
            {
                c.Run("insert into t values (3)");
                return Task.CompletedTask;
            })
            .Limited();
        SqlitePoolConnection[] leases = new SqlitePoolConnection[15];
        for (int i = 0; i < leases.Length; i++)
        {
            leases[i] = await pool.RentAsync().Limited();
            Assert.Equal("3", leases[i].Ask("select count(*) from t where v <= 3"));
            Assert.Equal("0", leases[i].Ask("select count(*) from t where v = 99"));
        }

        Array.ForEach(leases, lease => lease.Dispose());
        Assert.Equal(0, pool.GetStatistics().InUse);
    }
}
