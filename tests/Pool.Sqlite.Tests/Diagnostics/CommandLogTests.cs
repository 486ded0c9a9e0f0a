using System.Data.Common;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>
/// What the log and the spans say of commands: the function <c>wait(s)</c> lets as many seconds pass.
/// </summary>
public sealed class CommandLogTests : DiagnosticsTest
{
    private const string Category = "Pool.Sqlite.Command";

    private LogEntry[] Commands => [.. Log.Entries.Where(static entry => entry.Category == Category)];

    [Fact]
    public async Task A_value_a_write_and_the_rows_of_a_reader_are_logged_once_with_duration_and_rows()
    {
        await using SqlitePool pool = WaitingPool();
        using SqlitePoolConnection lease = await pool.RentAsync();
        lease.Run("create table t(v)");
        lease.Run("insert into t values (1), (2), (3)");
        Assert.Equal("6", lease.Ask("select sum(v) + wait(2) from t"));
        using (SqlitePoolCommand command = lease.CreateCommand("select v from t order by v limit 2"))
        using (DbDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                Time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.Equal(
            [
                $"Pool {Name}: a command took 0 ms, 0 rows: create table t(v)",
                $"Pool {Name}: a command took 0 ms, 3 rows: insert into t values (1), (2), (3)",
                $"Pool {Name}: a command took 2000 ms, 1 rows: select sum(v) + wait(2) from t",
                $"Pool {Name}: a command took 2000 ms, 2 rows: select v from t order by v limit 2",
            ],
            Commands.Select(static entry => entry.Text)
        );
        Assert.All(Commands, static entry => Assert.Equal((40, LogLevel.Debug), (entry.Id, entry.Level)));
    }

    [Fact]
    public async Task Asynchronous_calls_are_logged_the_same()
    {
        await using SqlitePool pool = WaitingPool();
        using SqlitePoolConnection lease = await pool.RentAsync();
        using CancellationTokenSource stop = new();
        await lease.CreateCommand("select wait(1)").ExecuteScalarAsync();
        await using (
            DbDataReader reader = await lease.CreateCommand("values (1), (2), (3)").ExecuteReaderAsync(stop.Token)
        )
        {
            Assert.True(await reader.ReadAsync(stop.Token));
            Assert.True(await reader.ReadAsync());
        }

        await lease.CreateCommand("create table t(v)").ExecuteNonQueryAsync();
        Assert.Equal(
            [
                "1000 ms, 1 rows: select wait(1)",
                "0 ms, 2 rows: values (1), (2), (3)",
                "0 ms, 0 rows: create table t(v)",
            ],
            Commands.Select(static entry => entry.Text[(entry.Text.IndexOf("took ", StringComparison.Ordinal) + 5)..])
        );
    }

    [Fact]
    public async Task A_batch_is_one_command()
    {
        await using SqlitePool pool = WaitingPool();
        await using (DbBatch batch = pool.CreateBatch())
        {
            foreach (string sql in (string[])["create table t(v)", "insert into t values (1), (2)"])
            {
                DbBatchCommand command = batch.CreateBatchCommand();
                command.CommandText = sql;
                batch.BatchCommands.Add(command);
            }

            await batch.ExecuteNonQueryAsync();
        }

        Assert.EndsWith(
            "2 rows: create table t(v); insert into t values (1), (2)",
            Assert.Single(Commands).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_failed_one_is_logged_with_the_type_of_its_error_and_without_any_value()
    {
        using SpanCollector ear = new(Name, Category);
        await using SqlitePool pool = WaitingPool(static options => options.SlowCommandThreshold = TimeSpan.Zero);
        using SqlitePoolConnection lease = await pool.RentAsync();
        lease.Run("create table t(v unique check (v <> 'secret 2'))");
        using SqlitePoolCommand command = lease.CreateCommand("insert into t values ($v)");
        SqliteParameter value = command.Parameters.AddWithValue("$v", "secret 1");
        command.ExecuteNonQuery();
        Assert.Throws<SqliteException>(() => command.ExecuteNonQuery());
        await Assert.ThrowsAsync<SqliteException>(() => command.ExecuteNonQueryAsync());
        value.Value = new byte[] { 1 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            command.ExecuteNonQueryAsync(new CancellationToken(true))
        );

        Assert.Equal(
            [
                "Microsoft.Data.Sqlite.SqliteException: insert into t values ($v)",
                "Microsoft.Data.Sqlite.SqliteException: insert into t values ($v)",
                "System.OperationCanceledException: insert into t values ($v)",
            ],
            Commands.Where(static entry => entry.Id == 41).Select(static entry => entry.Text.Split("with ")[1])
        );
        Assert.Equal(3, ear.Spans.Count(static span => span.Status == ActivityStatusCode.Error));
        Assert.DoesNotContain("secret 1", Log.Text, StringComparison.Ordinal);
        Assert.All(
            ear.Spans.SelectMany(static span => span.TagObjects),
            static tag => Assert.DoesNotContain("secret 1", $"{tag.Value}", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(0.9, 0)]
    [InlineData(1.0, 1)]
    public async Task A_command_slower_than_the_threshold_is_a_warning(double seconds, int warnings)
    {
        await using SqlitePool pool = WaitingPool(static options =>
            options.SlowCommandThreshold = TimeSpan.FromSeconds(1)
        );
        using SqlitePoolConnection lease = await pool.RentAsync();
        using SqlitePoolCommand command = lease.CreateCommand("select wait($seconds)");
        command.Parameters.AddWithValue("$seconds", seconds);
        command.ExecuteScalar();
        LogEntry[] slow = [.. Commands.Where(static entry => entry.Id == 42)];
        Assert.Equal(warnings, slow.Length);
        Assert.All(
            slow,
            entry =>
                Assert.Equal(
                    (LogLevel.Warning, $"Pool {Name}: a slow command took 1000 ms, 1 rows: select wait($seconds)"),
                    (entry.Level, entry.Text)
                )
        );
    }

    [Fact]
    public async Task Slow_commands_are_not_warned_of_unless_asked_for()
    {
        await using SqlitePool pool = WaitingPool();
        using SqlitePoolConnection lease = await pool.RentAsync();
        lease.Ask("select wait(60)");
        Assert.DoesNotContain(Commands, static entry => entry.Level > LogLevel.Debug);
    }

    [Fact]
    public void The_threshold_is_a_key_of_the_connection_string_and_is_checked()
    {
        SqlitePoolOptions inString = Database.Options();
        inString.ConnectionString += ";Slow Command Threshold=-3";
        SqlitePoolOptions inOptions = Database.Options();
        inOptions.SlowCommandThreshold = TimeSpan.FromSeconds(-3);
        Assert.All(
            [inString, inOptions],
            static options =>
                Assert.Contains(
                    "SlowCommandThreshold",
                    Assert.Throws<ArgumentException>(() => new SqlitePool(options)).Message,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task A_listener_of_commands_gets_a_span_for_each_under_the_one_it_began_in()
    {
        using SpanCollector ear = new(Name, Category);
        await using SqlitePool pool = WaitingPool();
        using SqlitePoolConnection lease = await pool.RentAsync();
        using Activity outer = new Activity("outer").Start();
        await lease.CreateCommand("select wait(2)").ExecuteScalarAsync();

        Activity span = Assert.Single(ear.Spans);
        Assert.Equal(("command", ActivityKind.Client), (span.DisplayName, span.Kind));
        Assert.Equal(TimeSpan.FromSeconds(2), span.Duration);
        Assert.Equal("select wait(2)", span.GetTagItem("db.query.text"));
        Assert.Equal("sqlite", span.GetTagItem("db.system.name"));
        Assert.Equal(1, span.GetTagItem("pool.sqlite.rows"));
        Assert.Equal(outer.SpanId, span.ParentSpanId);
        Assert.Same(outer, Activity.Current);
    }

    [Fact]
    public async Task A_listener_of_the_pool_gets_none()
    {
        using SpanCollector ear = new(Name);
        await using SqlitePool pool = WaitingPool();
        using SqlitePoolConnection lease = await pool.RentAsync();
        lease.Ask("select 1");
        Assert.Empty(ear.Spans);
    }

    private SqlitePool WaitingPool(Action<SqlitePoolOptions>? more = null) =>
        Pool(more: options =>
        {
            options.ConnectionOpened = connection =>
                connection.CreateFunction(
                    "wait",
                    (double seconds) =>
                    {
                        Time.Advance(TimeSpan.FromSeconds(seconds));
                        return 0;
                    }
                );
            more?.Invoke(options);
        });
}
