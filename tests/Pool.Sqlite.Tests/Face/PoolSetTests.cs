using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class PoolSetTests : PoolSetTest
{
    [Fact]
    public async Task Each_key_has_a_database_of_its_own()
    {
        SqlitePoolSet set = MakeSet(options => options.Folder = In("tenants"));
        await set["a"].ExecuteAsync($"create table t (x)");
        await set["a"].ExecuteAsync($"insert into t values ({1})");
        await set.GetPool("b").ExecuteAsync($"create table u (x)");

        using (SqlitePoolConnection reader = await set.RentReaderAsync("a"))
        {
            Assert.Equal("1", reader.Ask("select count(*) from t"));
        }

        using (SqlitePoolConnection writer = await set.RentWriterAsync("b"))
        {
            writer.Run("insert into u values (1)");
        }

        Assert.Equal(["a", "b"], set.Keys);
        Assert.Equal(["a", "b"], set.FindKeys());
        Assert.Equal(In("tenants/a.db"), set.GetPath("a"));
        Assert.True(File.Exists(set.GetPath("b")));
        Assert.Same(set["a"], set.GetPool("a"));
        Assert.Equal("a", set["a"].Name);
    }

    [Fact]
    public async Task Nothing_is_opened_or_made_before_the_first_rent()
    {
        SqlitePoolSet set = MakeSet(options => options.Folder = In("tenants"));
        Assert.Empty(set.FindKeys());
        Assert.False(Directory.Exists(In("tenants")));

        SqlitePool pool = set["a"];
        Assert.False(File.Exists(set.GetPath("a")));
        Assert.Equal(0, set.GetStatistics().OpenConnections);
        await pool.ExecuteAsync($"create table t (x)");
        Assert.True(File.Exists(set.GetPath("a")));
    }

    [Fact]
    public async Task A_naming_function_gives_the_file_of_a_key()
    {
        SqlitePoolSet set = MakeSet(options =>
        {
            options.FileName = key => Path.Combine(key[..2], key, "data.sqlite");
            options.ListKeys = () => ["contoso", "fabrikam"];
        });
        await Use(set, "contoso");
        Assert.True(File.Exists(In("co/contoso/data.sqlite")));

        List<string> seen = [];
        await set.ForEachAsync(
            (key, _, _) =>
            {
                lock (seen)
                {
                    seen.Add(key);
                }

                return Task.CompletedTask;
            }
        );
        Assert.Equal(["contoso", "fabrikam"], seen.Order());
    }

    [Theory]
    [InlineData("../outside.db")]
    [InlineData("/tmp/outside.db")]
    [InlineData("")]
    [InlineData("sub/")]
    public void A_name_outside_of_the_folder_or_of_no_file_is_refused(string name)
    {
        SqlitePoolSet set = MakeSet(options => options.FileName = _ => name);
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => set.GetPool("a"));
        Assert.Contains("FileName", refused.Message, StringComparison.Ordinal);
        Assert.Empty(set.Keys);
    }

    [Fact]
    public async Task Settings_of_one_key_can_differ()
    {
        SqlitePoolSet set = MakeSet(options =>
        {
            options.Pool.Name = "shop";
            options.Pool.ConnectionString = "Pool Size=3";
            options.Configure = (key, pool) => pool.MaxOverflow = key == "large" ? 20 : 0;
        });
        Assert.Equal((3, 20), (set["large"].GetStatistics().PoolSize, set["large"].GetStatistics().MaxOverflow));
        Assert.Equal((3, 0), (set["small"].GetStatistics().PoolSize, set["small"].GetStatistics().MaxOverflow));
        Assert.Equal("shop/large", set["large"].Name);
        await Use(set, "large");
    }

    [Fact]
    public async Task A_database_that_must_exist_is_not_made()
    {
        SqlitePoolSet set = MakeSet(options =>
        {
            options.Folder = In("tenants");
            options.Pool.ConnectionString = "Mode=ReadWrite";
            options.Pool.CreateRetries = 0;
        });
        await Assert.ThrowsAsync<SqliteException>(() => set.RentAsync("nobody").Limited());
        Assert.False(Directory.Exists(In("tenants")));
    }

    [Fact]
    public async Task All_pools_share_one_budget()
    {
        SqlitePoolSet set = MakeSet(options => options.MaxOpenConnections = 3);
        SqlitePoolConnection[] held = [await set.RentAsync("a"), await set.RentAsync("b"), await set.RentAsync("c")];
        Task<SqlitePoolConnection> waiting = set.RentAsync("d").AsTask();
        await Limit.Until(() => set.GetStatistics().Waiting == 1);
        Assert.Equal((3, 3), (set.GetStatistics().OpenConnections, OpenHandles()));

        held[1].Dispose();
        using (await waiting.Limited())
        {
            Assert.Equal(3, OpenHandles());
        }

        held[0].Dispose();
        held[2].Dispose();

        // It is counted after its place has been given away.
        await Limit.Until(() => set.GetStatistics().Evictions > 0);
        SqlitePoolSetStatistics statistics = set.GetStatistics();
        Assert.Equal(
            (3, 1, 1, 4),
            (statistics.PeakOpenConnections, statistics.Evictions, statistics.WaitTime.Count, statistics.OpenPools)
        );
        Assert.Equal(["a", "b", "c", "d"], statistics.Pools.Keys.Order());
    }

    [Fact]
    public async Task Writers_queues_and_reserves_are_in_the_budget_too()
    {
        SqlitePoolSet set = MakeSet(options => options.MaxOpenConnections = 2);
        for (int i = 0; i < 5; i++)
        {
            SqlitePool pool = set[$"t{i}"];
            await pool.ExecuteAsync($"create table t (x)");
            await pool.Writes.ExecuteAsync($"insert into t values ({i})");
            await pool.WriteAsync(async connection =>
            {
                connection.Run("insert into t values (7)");
                using SqlitePoolConnection second = await pool.RentAsync();
                Assert.Equal("1", second.Ask("select count(*) from t"));
            });
            Assert.InRange(OpenHandles(), 1, 2);
        }

        Assert.Equal(2, set.GetStatistics().PeakOpenConnections);
    }

    [Fact]
    public async Task A_rent_that_the_budget_refuses_says_so()
    {
        SqlitePoolSet set = MakeSet(options =>
        {
            options.MaxOpenConnections = 1;
            options.Pool.RentTimeout = TimeSpan.Zero;
        });
        using SqlitePoolConnection held = await set.RentAsync("a");
        SqlitePoolTimeoutException refused = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() =>
            set.RentAsync("b").Limited()
        );
        Assert.Contains("MaxOpenConnections", refused.Message, StringComparison.Ordinal);
        Assert.Equal("b", refused.PoolName);
        Assert.Equal(1, set.GetStatistics().Timeouts);
    }

    [Fact]
    public async Task One_flow_can_hold_as_many_as_the_budget_allows()
    {
        SqlitePoolSet set = MakeSet(options => options.MaxOpenConnections = 8);
        List<SqlitePoolConnection> held = [];
        for (int i = 0; i < 8; i++)
        {
            // What others have used meanwhile makes room.
            await Use(set, "other");
            held.Add(await set.RentAsync($"t{i}").Limited());
        }

        held.ForEach(connection => connection.Dispose());
        await Use(set, "other");
    }

    [Fact]
    public async Task Closing_waits_for_leases_and_refuses_rents()
    {
        SqlitePoolSet set = MakeSet();
        SqlitePoolConnection held = await set.RentAsync("a");
        SqlitePool pool = set["a"];
        Task closing = set.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await set.RentAsync("a"));
        Assert.Throws<ObjectDisposedException>(() => set.GetPool("b"));
        Assert.False(closing.IsCompleted);

        held.Dispose();
        await closing.Limited();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await pool.RentAsync());
        Assert.False(await set.RemoveAsync("a"));
    }

    [Fact]
    public async Task Work_runs_for_each_database_and_failures_name_their_key()
    {
        SqlitePoolSet set = MakeSet(options => options.MaxOpenConnections = 3);
        for (int i = 0; i < 6; i++)
        {
            await Use(set, $"t{i}");
        }

        await File.WriteAllTextAsync(In("t9.db"), "This is no database, but long enough to look at as if it were one.");
        await File.WriteAllTextAsync(In("readme.txt"), "Not a database.");
        int running = 0;
        int most = 0;
        AggregateException failed = await Assert.ThrowsAsync<AggregateException>(() =>
            set.ForEachAsync(
                    async (key, pool, token) =>
                    {
                        most = Math.Max(most, Interlocked.Increment(ref running));
                        try
                        {
                            await pool.WriteAsync(
                                connection => Task.FromResult(connection.Run("alter table t add column " + "y")),
                                token
                            );
                        }
                        finally
                        {
                            Interlocked.Decrement(ref running);
                        }
                    },
                    maxParallel: 2
                )
                .Limited()
        );

        Assert.Contains("'t9'", Assert.Single(failed.InnerExceptions).Message, StringComparison.Ordinal);
        Assert.InRange(most, 1, 2);
        for (int i = 0; i < 6; i++)
        {
            using SqlitePoolConnection connection = await set.RentAsync($"t{i}");
            Assert.Equal("1", connection.Ask("select count(*) from pragma_table_info('t') where name = 'y'"));
        }
    }

    [Fact]
    public async Task Many_keys_under_load_keep_to_the_budget()
    {
        SqlitePoolSet set = MakeSet(options =>
        {
            options.MaxOpenConnections = 6;
            options.MaxOpenPools = 10;
            options.PoolIdleTimeout = TimeSpan.FromMilliseconds(20);
        });
        int done = 0;
        Task work = Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(worker =>
                    Task.Run(async () =>
                    {
                        Random random = new(worker);
                        for (int i = 0; i < 40; i++)
                        {
                            string key = $"t{random.Next(25)}";
                            if (random.Next(12) == 0)
                            {
                                await set.RemoveAsync(key);
                                continue;
                            }

                            using SqlitePoolConnection connection =
                                random.Next(3) == 0 ? await set.RentWriterAsync(key) : await set.RentAsync(key);
                            connection.Run("create table if not exists t (x)");
                            connection.Run("insert into t values (1)");
                            Interlocked.Increment(ref done);
                        }
                    })
                )
        );
        await work.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.InRange(set.GetStatistics().PeakOpenConnections, 1, 6);
        Assert.Equal((0, 0), (set.GetStatistics().Waiting, set.GetStatistics().Timeouts));
        long rows = 0;
        foreach (string key in set.FindKeys())
        {
            using SqlitePoolConnection connection = await set.RentAsync(key);
            rows += long.Parse(connection.Ask("select count(*) from t")!, CultureInfo.InvariantCulture);
        }

        Assert.Equal(done, rows);
    }

    // Each connection has the database open once; its other files are not counted.
    private int OpenHandles() => OpenFiles().Count(file => file.EndsWith(".db", StringComparison.Ordinal));
}
