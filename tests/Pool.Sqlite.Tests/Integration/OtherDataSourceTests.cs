using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Integration;

/// <summary>The verbs on a data source that is no pool.</summary>
public sealed class OtherDataSourceTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly FakeDataSource _source;

    public OtherDataSourceTests()
    {
        _source = new FakeDataSource($"{_database.ConnectionString};Pooling=False");
        using SqliteConnection connection = _database.OpenDirectly();
        connection.Run("create table t(x)");
    }

    private string? Count
    {
        get
        {
            using SqliteConnection connection = _database.OpenDirectly();
            return connection.Ask("select count(*) from t");
        }
    }

    [Fact]
    public async Task A_write_that_fails_for_a_passing_reason_is_run_again_in_a_new_transaction()
    {
        int runs = 0;
        int answer = await _source.WriteAsync(
            async (connection, token) =>
            {
                await Insert(connection, token);
                return ++runs < 3 ? throw new FakeDbException("40001", isTransient: true) : runs;
            }
        );
        Assert.Equal(3, answer);
        Assert.Equal("1", Count);
        Assert.Equal((1, 3, 3), (_source.Committed, _source.Opened, _source.Closed));
    }

    [Fact]
    public async Task A_write_that_fails_for_good_is_run_once_and_rolled_back()
    {
        int runs = 0;
        await Assert.ThrowsAsync<FakeDbException>(() =>
            _source.WriteAsync(async connection =>
            {
                runs++;
                await Insert(connection, default);
                throw new FakeDbException("23505", isTransient: false);
            })
        );
        await Assert.ThrowsAsync<FormatException>(() =>
            _source.WriteAsync(async connection =>
            {
                runs++;
                await Insert(connection, default);
                throw new FormatException();
            })
        );
        Assert.Equal((2, "0", 0), (runs, Count, _source.Committed));
        Assert.Equal(_source.Opened, _source.Closed);
    }

    [Fact]
    public async Task A_commit_that_the_database_has_rolled_back_is_tried_again()
    {
        int commits = 0;
        _source.Committing = () => _ = ++commits == 1 ? throw new FakeDbException("40001", isTransient: true) : commits;
        await _source.WriteAsync(Insert);
        Assert.Equal((2, "1"), (commits, Count));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("08006")]
    [InlineData("40003")]
    public async Task A_commit_whose_outcome_is_unknown_is_not_done_twice(string? state)
    {
        _source.CommitEnded = () => throw new FakeDbException(state, isTransient: true);
        await Assert.ThrowsAsync<FakeDbException>(() => _source.WriteAsync(Insert));
        Assert.Equal("1", Count);
    }

    [Fact]
    public async Task What_has_waited_for_its_limit_is_not_run_again()
    {
        int runs = 0;
        await Assert.ThrowsAsync<FakeDbException>(() =>
            _source.WriteAsync(connection =>
            {
                Assert.Equal(IsolationLevel.Serializable, Assert.IsType<FakeConnection>(connection).Isolation);
                runs++;
                throw new FakeDbException(null, isTransient: true, new TimeoutException());
            })
        );
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task Cancelling_ends_the_pauses_and_passes_the_token_on()
    {
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _source
                .WriteAsync(
                    async (connection, token) =>
                    {
                        Assert.Equal(stop.Token, token);
                        await stop.CancelAsync();
                        throw new FakeDbException("40001", isTransient: true);
                    },
                    stop.Token
                )
                .Limited()
        );
        Assert.True(
            await _source.ReadAsync((_, token) => Task.FromResult(token == stop.Token), new CancellationToken())
                is false
        );
        Assert.Equal(_source.Opened, _source.Closed);
    }

    [Fact]
    public async Task Work_is_written_in_every_form()
    {
        DbDataSource source = _source;
        await source.WriteAsync(Insert);
        await source.WriteAsync(connection => Insert(connection, default));
        await source.WriteAsync(async (connection, token) => await Insert(connection, token));
        Assert.Equal(7, await source.WriteAsync(_ => Task.FromResult(7)));
        Assert.Equal(3, await source.ReadAsync(CountRows));
        Assert.Equal(3, await source.ReadAsync(connection => CountRows(connection, default)));
        long seen = 0;
        await source.ReadAsync(
            async (connection, token) =>
            {
                seen = await CountRows(connection, token);
            }
        );
        await source.ReadAsync(async connection =>
        {
            seen += await CountRows(connection, default);
        });
        Assert.Equal(6, seen);
    }

    [Fact]
    public async Task Values_become_parameters_and_texts_stay_as_they_are()
    {
        string name = "it's";
        Assert.Equal(1, await _source.ExecuteAsync($"insert into t select {name} || '$p0 $price' -- $p1"));
        Assert.Equal(
            "it's$p0 $price",
            await _source.ExecuteScalarAsync<string>($"select x from t where x like {"it%"}")
        );
        Assert.Null(await _source.ExecuteScalarAsync<long?>($"select max(1) from t where x = {"none"}"));
        Assert.Equal(1, await _source.ExecuteScalarAsync<int>($"select count(*) from t"));
        await Assert.ThrowsAsync<InvalidCastException>(() => _source.ExecuteScalarAsync<int>($"select x from t"));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _source.ExecuteScalarAsync<int>($"select x from t where x is null")
        );
    }

    [Fact]
    public async Task Many_rows_come_as_arrays_or_tuples_and_are_stored_as_a_whole()
    {
        Assert.Equal(2, await _source.ExecuteManyAsync("insert into t values (@a || @b)", [("a", "b"), ("c", "d")]));
        Assert.Equal(
            1,
            await _source.ExecuteManyAsync(
                "insert into t values (@a)",
                [
                    ["e"],
                ]
            )
        );
        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() =>
            _source.ExecuteManyAsync(
                "insert into t values ($a)",
                [
                    ["f"],
                ]
            )
        );
        Assert.Contains("@id", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() =>
            _source.ExecuteManyAsync(
                "insert into t values (@a)",
                [
                    ["g"],
                    null!,
                ]
            )
        );
        Assert.Equal("3", Count);
    }

    [Fact]
    public async Task On_a_pool_they_are_the_pools_own()
    {
        await using SqlitePool pool = new(_database.Options());
        DbDataSource source = pool;
        Assert.Equal(SqlitePoolConnectionRole.Reader, await source.ReadAsync(Role));
        Assert.Equal(SqlitePoolConnectionRole.Writer, await source.WriteAsync(Role));
        Assert.Equal(
            2,
            await source.ExecuteManyAsync("insert into t values (@a)", [ValueTuple.Create(1), ValueTuple.Create(2)])
        );
        Assert.Equal(2, await source.ExecuteScalarAsync<int>($"select count(*) from t"));

        static Task<SqlitePoolConnectionRole> Role(DbConnection connection) =>
            Task.FromResult(Assert.IsType<SqlitePoolConnection>(connection).Role);
    }

    public void Dispose() => _database.Dispose();

    private static async Task Insert(DbConnection connection, CancellationToken cancellationToken)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = "insert into t values (1)";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<long> CountRows(DbConnection connection, CancellationToken cancellationToken)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = "select count(*) from t";
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
