using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>
/// Work as one writes it: lambdas with and without a token, asynchronous or not, and methods by their name.
/// </summary>
public sealed class WorkFormsTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public WorkFormsTests()
    {
        _pool = new SqlitePool(_database.Options());
        _pool.Write(connection => connection.Run("create table t(x)"));
    }

    private long Count =>
        _pool.Read(connection => (long)connection.CreateCommand("select count(*) from t").ExecuteScalar()!);

    [Fact]
    public async Task Asynchronous_work_in_every_form()
    {
        using CancellationTokenSource stop = new();
        CancellationToken token = stop.Token;
        Assert.Equal(1, await _pool.WriteAsync(async connection => await InsertAsync(connection)));
        Assert.Equal(1, await _pool.WriteAsync(connection => InsertAsync(connection)));
        Assert.Equal(1, await _pool.WriteAsync(async (connection, ct) => await InsertWithToken(connection, ct)));
        Assert.Equal(1, await _pool.WriteAsync((connection, ct) => InsertWithToken(connection, ct), token));
        Assert.Equal(1, await _pool.WriteAsync(InsertAsync, token));
        Assert.Equal(1, await _pool.WriteAsync(InsertWithToken, token));
        await _pool.WriteAsync(async connection =>
        {
            await InsertAsync(connection);
        });
        await _pool.WriteAsync(
            async (connection, ct) =>
            {
                await InsertWithToken(connection, ct);
            },
            token
        );
        await _pool.WriteAsync(
            (connection, ct) => connection.CreateCommand("insert into t values (1)").ExecuteNonQueryAsync(ct)
        );
        await _pool.WriteAsync(Store);
        await _pool.WriteAsync(StoreWithToken);
        await _pool.WriteAsync(static connection => connection.ExecuteAsync("insert into t values (1)"));
        Assert.Equal(12, Count);

        Assert.Equal(12, await _pool.ReadAsync(async connection => await CountAsync(connection)));
        Assert.Equal(12, await _pool.ReadAsync(async (connection, ct) => await CountWithToken(connection, ct), token));
        Assert.Equal(12, await _pool.ReadAsync(CountAsync));
        Assert.Equal(12, await _pool.ReadAsync(CountWithToken, token));
        Assert.Equal(
            12,
            await _pool.ReadAsync(connection => connection.ExecuteScalarAsync<long>("select count(*) from t"))
        );
        List<string?> seen = [];
        await _pool.ReadAsync(async connection =>
        {
            seen.Add(await Task.FromResult(connection.Ask("select 1")));
        });
        await _pool.ReadAsync(
            async (connection, ct) =>
            {
                seen.Add(await Task.FromResult(connection.Ask("select 2")));
            },
            token
        );
        Assert.Equal(["1", "2"], seen);
    }

    [Fact]
    public void Synchronous_work_in_every_form()
    {
        Assert.Equal(1, _pool.Write(connection => connection.Run("insert into t values (1)")));
        _pool.Write(connection =>
        {
            connection.Run("insert into t values (2)");
        });
        Assert.Equal(1, _pool.Write(Insert));
        _pool.Write(StoreNow, CancellationToken.None);
        Assert.Equal(4, Count);
        Assert.Equal("4", _pool.Read(connection => connection.Ask("select count(*) from t")));
        string? seen = null;
        _pool.Read(connection =>
        {
            seen = connection.Ask("select 7");
        });
        Assert.Equal("7", seen);
    }

    [Fact]
    public async Task The_token_is_the_one_that_was_given()
    {
        using CancellationTokenSource stop = new();
        Assert.True(await _pool.ReadAsync((_, ct) => Task.FromResult(ct == stop.Token), stop.Token));
        Assert.True(await _pool.WriteAsync((_, ct) => Task.FromResult(ct == stop.Token), stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.WriteAsync(
                async (connection, ct) =>
                {
                    await InsertWithToken(connection, ct);
                    await stop.CancelAsync();
                    await InsertWithToken(connection, ct);
                },
                stop.Token
            )
        );
        Assert.Equal(0, Count);
    }

    [Fact]
    public void Blocking_work_is_rolled_back_when_it_throws_and_leaves_nothing_out()
    {
        Assert.Throws<FormatException>(() =>
            _pool.Write(connection =>
            {
                connection.Run("insert into t values (1)");
                throw new FormatException();
            })
        );
        Assert.Throws<InvalidOperationException>(() =>
            _pool.Read(connection => connection.Run("insert into t values (1)"))
        );
        Assert.Throws<OperationCanceledException>(() => _pool.Write(Insert, new CancellationToken(true)));
        Assert.Throws<OperationCanceledException>(() =>
            _pool.Read(connection => connection.Ask("select 1"), new CancellationToken(true))
        );
        Assert.Equal(0, Count);
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public void Blocking_work_that_is_asynchronous_is_refused_before_it_runs()
    {
        Assert.Contains("WriteAsync", Refused(() => _ = _pool.Write(InsertAsync)), StringComparison.Ordinal);
        Assert.Contains("ReadAsync", Refused(() => _ = _pool.Read(CountAsync)), StringComparison.Ordinal);
        Refused(() =>
            _ = _pool.Write(async connection =>
            {
                await InsertAsync(connection);
            })
        );
#pragma warning disable CA2012 // Refused, it returns none.
        Refused(() => _pool.Write(InsertLater));
        Refused(() => _pool.Write(StoreLater));
#pragma warning restore CA2012
        Assert.Equal(0, Count);
    }

    [Fact]
    public async Task An_item_of_the_queue_that_returns_a_ValueTask_is_refused_too()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _pool.Writes.EnqueueAsync(InsertLater));
        Assert.Equal(0, Count);
    }

    [Fact]
    public void Blocking_writes_from_many_threads_are_all_stored()
    {
        Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => _pool.Write(Insert));
        Assert.Equal(40, Count);
    }

    [Fact]
    public void A_blocking_write_that_was_told_the_database_is_busy_is_run_again()
    {
        int runs = 0;
        _pool.Write(connection =>
        {
            if (++runs == 1)
            {
                throw new SqliteException("Made busy.", 5);
            }

            return connection.Run("insert into t values (1)");
        });
        Assert.Equal(2, runs);
        Assert.Equal(1, Count);
    }

    [Fact]
    public void Inside_a_blocking_write_another_is_refused_at_once()
    {
        Assert.Throws<InvalidOperationException>(() => _pool.Write(_ => _pool.Write(Insert)));
        Assert.Equal(0, Count);
    }

    [Fact]
    public void A_durable_blocking_write_is_answered_after_its_sync()
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.Synchronous = SynchronousMode.Full;
        using SqlitePool pool = new(options);
        Parallel.For(0, 20, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => pool.Write(Insert));
        Assert.Equal(20, Count);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private static string Refused(Action action) => Assert.Throws<ArgumentException>(action).Message;

    private static Task<int> InsertAsync(SqlitePoolConnection connection) =>
        Task.FromResult(connection.Run("insert into t values (1)"));

    private static ValueTask<int> InsertLater(SqlitePoolConnection connection) => new(InsertAsync(connection));

    private static ValueTask StoreLater(SqlitePoolConnection connection) => new(InsertAsync(connection));

    private static async Task<int> InsertWithToken(DbConnection connection, CancellationToken cancellationToken)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = "insert into t values (1)";
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task Store(DbConnection connection) => await InsertWithToken(connection, default);

    private static async Task StoreWithToken(SqlitePoolConnection connection, CancellationToken cancellationToken) =>
        await InsertWithToken(connection, cancellationToken);

    private static int Insert(SqlitePoolConnection connection) => connection.Run("insert into t values (1)");

    private static void StoreNow(SqlitePoolConnection connection) => connection.Run("insert into t values (1)");

    private static async Task<long> CountAsync(SqlitePoolConnection connection) =>
        await CountWithToken(connection, default);

    private static async Task<long> CountWithToken(DbConnection connection, CancellationToken cancellationToken)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = "select count(*) from t";
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
