using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>The database file is deleted, renamed or replaced under the pool: no acknowledged write is lost.</summary>
public sealed class MovedFileTests : IDisposable
{
    private readonly TempDatabase _database = new();

    // On a clock that stands: the housekeeper looks at the file as well, and would find it moved before the write does.
    private readonly SqlitePool _pool;

    public MovedFileTests() => _pool = new SqlitePool(_database.Options(), timeProvider: new FakeTimeProvider());

    public static MatrixTheoryData<string, string> Cases =>
        new(
            ["delete", "rename", "replace"],
            [
                "lease",
                "async lease",
                "transaction",
                "returning",
                "writer",
                "WriteAsync",
                "ExecuteAsync",
                "ExecuteManyAsync",
                "queue",
            ]
        );

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_write_fails_and_the_next_one_is_in_the_file_that_is_there_now(string what, string role)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let an open file be moved.");
        await _pool.ExecuteAsync($"create table t (v)");
        await Write(role, 1);
        Move(what);

        SqliteDatabaseMovedException failure = await Assert.ThrowsAsync<SqliteDatabaseMovedException>(() =>
            Write(role, 2).Limited()
        );
        Assert.Equal(_database.Path, failure.Path);
        Assert.Contains("RunExclusiveAsync", failure.Message, StringComparison.Ordinal);
        Assert.Equal(SqlitePoolStatus.Critical, _pool.GetHealth().Status);

        await _pool.ExecuteAsync($"create table if not exists t (v)").Limited();
        await Write(role, 3).Limited();
        using (SqliteConnection direct = _database.OpenDirectly())
        {
            Assert.Equal("3", direct.Ask("select group_concat(v) from t"));
        }

        Assert.DoesNotContain(
            _pool.GetHealth().Reasons,
            reason => reason.Contains("renamed", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("rename")]
    [InlineData("replace")]
    public async Task A_transaction_that_has_begun_before_is_not_committed(string what)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let an open file be moved.");
        await _pool.ExecuteAsync($"create table t (v)");
        using SqlitePoolConnection lease = await _pool.RentAsync();
        using SqlitePoolTransaction transaction = lease.BeginTransaction();
        lease.Run("insert into t values (1)");
        Move(what);

        Assert.Throws<SqliteDatabaseMovedException>(transaction.Commit);
    }

    [Theory]
    [InlineData("begin", "commit")]
    [InlineData("begin", "End Transaction")]
    [InlineData("begin immediate", "/* all of it */ commit")]
    [InlineData("begin", "-- all of it\n commit")]
    [InlineData("savepoint s", "release s")]
    [InlineData("savepoint s", " /**/ release savepoint s")]
    public async Task However_the_end_of_a_transaction_is_written_it_is_not_committed(string begin, string end)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let an open file be moved.");
        await _pool.ExecuteAsync($"create table t (v)");
        using SqlitePoolConnection lease = await _pool.RentAsync();
        lease.Run(begin);
        lease.Run("insert into t values (1)");
        Move("delete");

        Assert.Throws<SqliteDatabaseMovedException>(() => lease.Run(end));
    }

    [Fact]
    public async Task A_deleted_wal_is_noticed_by_the_next_write()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let an open file be deleted.");
        await _pool.ExecuteAsync($"create table t (v)");
        File.Delete(_database.Path + "-wal");
        await Assert.ThrowsAsync<SqliteDatabaseMovedException>(() =>
            _pool.ExecuteAsync($"insert into t values (1)").Limited()
        );
    }

    [Fact]
    public async Task A_lease_that_changes_the_journal_mode_to_and_fro_goes_on_writing()
    {
        await using SqlitePool pool = new(_database.Options(size: 1, overflow: 0));
        using (SqlitePoolConnection lease = await pool.RentAsync())
        {
            lease.Run("create table t (v)");
            Assert.Equal("delete", lease.Ask("PRAGMA journal_mode=delete"));
            lease.Run("insert into t values (1)");
            Assert.Equal("wal", lease.Ask("PRAGMA journal_mode=wal"));
            lease.Run("insert into t values (2)");
        }

        await pool.ExecuteAsync($"insert into t values (3)").Limited();
    }

    [Fact]
    public async Task One_that_was_replaced_inside_RunExclusiveAsync_is_used_without_an_error()
    {
        await _pool.ExecuteAsync($"create table t (v)");
        await _pool
            .RunExclusiveAsync(_ =>
            {
                Move("replace");
                return Task.CompletedTask;
            })
            .Limited();
        await _pool.ExecuteAsync($"insert into t values (1)").Limited();
    }

    [Fact]
    public void Contexts_of_EF_Core_delete_and_create_the_database_again_and_again()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let an open file be deleted.");
        for (int i = 0; i < 5; i++)
        {
            using Context context = new(
                new DbContextOptionsBuilder<Context>().UseSqlite(_pool.CreateConnection(), true).Options
            );
            context.Database.EnsureDeleted();
            Assert.True(context.Database.EnsureCreated());
            context.Things.Add(new Thing { Id = i + 1 });
            context.SaveChanges();
            Assert.Equal(i + 1, context.Things.Single().Id);
        }
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private void Move(string what)
    {
        switch (what)
        {
            case "delete":
                File.Delete(_database.Path);
                break;
            case "rename":
                File.Move(_database.Path, _database.In("old.db"));
                break;
            default:
                using (SqliteConnection other = new($"Data Source={_database.In("new.db")};Pooling=False"))
                {
                    other.Open();
                    other.Run("create table t (v)");
                }

                File.Move(_database.In("new.db"), _database.Path, overwrite: true);
                break;
        }
    }

    private async Task Write(string role, int value)
    {
        string sql = string.Create(CultureInfo.InvariantCulture, $"insert into t values ({value})");
        switch (role)
        {
            case "lease":
            case "returning":
                using (SqlitePoolConnection lease = _pool.Rent())
                {
                    _ =
                        role == "lease"
                            ? lease.Run(sql).ToString(CultureInfo.InvariantCulture)
                            : lease.Ask(sql + " returning v");
                }

                break;
            case "async lease":
                await using (SqlitePoolConnection lease = await _pool.RentAsync())
                {
                    await using SqlitePoolCommand command = lease.CreateCommand(sql);
                    await command.ExecuteNonQueryAsync();
                }

                break;
            case "transaction":
                using (SqlitePoolConnection lease = _pool.Rent())
                {
                    using SqlitePoolTransaction transaction = lease.BeginTransaction();
                    lease.Run(sql);
                    transaction.Commit();
                }

                break;
            case "writer":
                using (SqlitePoolConnection lease = _pool.RentWriter())
                {
                    lease.Run(sql);
                }

                break;
            case "WriteAsync":
                await _pool.WriteAsync(lease =>
                {
                    lease.Run(sql);
                    return Task.CompletedTask;
                });
                break;
            case "ExecuteAsync":
                await _pool.ExecuteAsync($"insert into t values ({value})");
                break;
            case "ExecuteManyAsync":
                await _pool.ExecuteManyAsync(
                    "insert into t values ($v)",
                    [
                        [value],
                    ]
                );
                break;
            default:
                await _pool.Writes.ExecuteAsync($"insert into t values ({value})");
                break;
        }
    }

    private sealed class Context(DbContextOptions<Context> options) : DbContext(options)
    {
        public DbSet<Thing> Things => Set<Thing>();
    }

    private sealed class Thing
    {
        public int Id { get; set; }
    }
}
