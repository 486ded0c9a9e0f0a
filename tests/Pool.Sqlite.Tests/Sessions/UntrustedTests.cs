using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>A database file from outside, whose schema is written by somebody else.</summary>
public sealed class UntrustedTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private int _calls;

    public UntrustedTests()
    {
        using SqliteConnection outside = _database.OpenDirectly();
        outside.CreateFunction("harm", static () => 1);
        outside.Run("create table t(value); insert into t values (1)");
        outside.Run("create view tempting as select harm() as value");
        outside.Run("create trigger on_insert after insert on t begin select harm(); end");
        outside.Run("create table with_default(id, value default (harm()))");
    }

    public void Dispose() => _database.Dispose();

    [Theory]
    [InlineData("select * from tempting")]
    [InlineData("insert into t values (2)")]
    [InlineData("insert into with_default(id) values (1)")]
    public async Task A_function_of_the_application_is_not_called_by_the_schema(string sql)
    {
        await using SqlitePool pool = Pool();
        foreach (
            Func<SqlitePoolConnection> rent in new Func<SqlitePoolConnection>[]
            {
                () => pool.Rent(),
                () => pool.RentWriter(),
            }
        )
        {
            using SqlitePoolConnection lease = rent();
            SqliteException refused = Assert.Throws<SqliteException>(() => lease.Run(sql));
            Assert.Contains("unsafe use of harm()", refused.Message, StringComparison.Ordinal);
            Assert.Equal(0, _calls);
            Assert.Equal("7", lease.Ask("select harm()"));
            Assert.Equal("1", lease.Ask("select count(*) from t"));
            _calls = 0;
        }

        SqliteException queued = await Assert.ThrowsAsync<SqliteException>(() =>
            pool.Writes.EnqueueAsync(connection => connection.Run(sql)).Limited()
        );
        Assert.Contains("unsafe use of harm()", queued.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_file_is_believed_by_a_pool_that_trusts_it()
    {
        using SqlitePool pool = Pool(untrusted: false);
        using SqlitePoolConnection lease = pool.Rent();
        Assert.Equal("7", lease.Ask("select * from tempting"));
    }

    [Fact]
    public void The_schema_table_cannot_be_written_nor_the_journal_be_turned_off()
    {
        using SqlitePool pool = Pool();
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("PRAGMA writable_schema=ON");
        SqliteException refused = Assert.Throws<SqliteException>(() =>
            lease.Run("update sqlite_master set sql = 'create table t(other)' where name = 't'")
        );
        Assert.Contains("may not be modified", refused.Message, StringComparison.Ordinal);
        lease.Run("PRAGMA journal_mode=OFF");
        Assert.NotEqual("off", lease.Ask("PRAGMA journal_mode"));
    }

    [Fact]
    public void Pages_are_checked_and_not_read_through_a_memory_map()
    {
        using SqlitePool pool = Pool(change: static options => options.Pragmas.MmapSizeBytes = 1_048_576);
        using SqlitePoolConnection lease = pool.Rent();
        Assert.Equal("0", lease.Ask("PRAGMA mmap_size"));
        Assert.Equal("1", lease.Ask("PRAGMA cell_size_check"));
        Assert.Equal("0", lease.Ask("PRAGMA trusted_schema"));
    }

    [Fact]
    public void What_a_lease_changes_of_it_is_put_right()
    {
        using SqlitePool pool = Pool(change: static options => (options.PoolSize, options.MaxOverflow) = (1, 0));
        long number;
        using (SqlitePoolConnection lease = pool.Rent())
        {
            number = lease.Number();
            lease.Run("PRAGMA trusted_schema=ON");
            lease.Run("PRAGMA cell_size_check=OFF");
            lease.Run("PRAGMA mmap_size=65536");
        }

        using SqlitePoolConnection next = pool.Rent();
        Assert.Equal(number, next.Number());
        Assert.Equal("0", next.Ask("PRAGMA trusted_schema"));
        Assert.Equal("1", next.Ask("PRAGMA cell_size_check"));
        Assert.Equal("0", next.Ask("PRAGMA mmap_size"));
    }

    [Fact]
    public void Defensive_mode_that_a_lease_turns_off_on_the_driver_s_object_is_on_again_for_the_next()
    {
        using SqlitePool pool = Pool(change: static options =>
            (options.PoolSize, options.MaxOverflow, options.ConnectionOpened) = (1, 0, null)
        );
        using (SqlitePoolConnection lease = pool.Rent())
        {
            Assert.Equal((1, 0), (Defensive(lease, -1), Defensive(lease, 0)));
        }

        using SqlitePoolConnection next = pool.Rent();
        Assert.Equal(1, Defensive(next, -1));
    }

    private static int Defensive(SqlitePoolConnection lease, int change)
    {
        _ = SQLitePCL.raw.sqlite3_db_config(lease.SqliteConnection.Handle, 1010, change, out int isOn);
        return isOn;
    }

    [Fact]
    public void It_can_be_said_in_the_connection_string()
    {
        using SqlitePool pool = new($"{_database.ConnectionString};Untrusted=True");
        using SqlitePoolConnection lease = pool.Rent();
        Assert.Equal("0", lease.Ask("PRAGMA trusted_schema"));
    }

    [Fact]
    public async Task It_can_be_said_in_a_configuration()
    {
        IConfigurationRoot configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["SqlitePool:Untrusted"] = "true" })
            .Build();
        ServiceCollection services = new();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSqlitePool(_database.ConnectionString).BindConfiguration("SqlitePool");
        await using ServiceProvider provider = services.BuildServiceProvider();
        using SqlitePoolConnection lease = provider.GetRequiredService<SqlitePool>().Rent();
        Assert.Equal("0", lease.Ask("PRAGMA trusted_schema"));
    }

    [Fact]
    public void What_contradicts_it_is_refused_when_the_pool_is_made()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            Pool(change: static options =>
            {
                options.Pragmas.Additional["Trusted_Schema"] = "ON";
                options.Pragmas.JournalMode = JournalMode.Off;
            })
        );
        Assert.Contains("'Trusted_Schema', which Untrusted sets", error.Message, StringComparison.Ordinal);
        Assert.Contains("Pragmas.JournalMode is Off", error.Message, StringComparison.Ordinal);
    }

    private SqlitePool Pool(bool untrusted = true, Action<SqlitePoolOptions>? change = null)
    {
        SqlitePoolOptions options = _database.Options();
        options.Untrusted = untrusted;
        options.ConnectionOpened = connection =>
            connection.CreateFunction(
                "harm",
                () =>
                {
                    _calls++;
                    return 7;
                }
            );
        change?.Invoke(options);
        return new SqlitePool(options);
    }
}
