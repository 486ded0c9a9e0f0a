using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class ExecuteTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public ExecuteTests()
    {
        _pool = new SqlitePool(_database.Options());
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Run("create table t(id integer primary key, value)");
    }

    [Theory]
    [InlineData("'); drop table t; --")]
    [InlineData("$p1")]
    [InlineData("{0} {{}}")]
    [InlineData(null)]
    [InlineData("")]
    public async Task What_is_interpolated_stays_data(string? value)
    {
        int id = 7;
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t(id, value) values ({id}, {value})"));
        using SqlitePoolConnection connection = _pool.Rent();
        using SqlitePoolCommand command = connection.CreateCommand("select value from t where id = 7");
        Assert.Equal(value ?? (object)DBNull.Value, command.ExecuteScalar());
    }

    [Fact]
    public async Task Braces_and_repeated_values_do_no_harm()
    {
        int id = 1;
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t values ({id}, json_object('a', '{{x}}'))"));
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t values ({id + 1}, {id})"));
        Assert.Equal(2, await _pool.ExecuteAsync($"update t set value = value where id in ({1}, {2})"));
        Assert.Equal(-1, await _pool.ExecuteAsync($"select 1"));
        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal("{\"a\":\"{x}\"}", connection.Ask("select value from t where id = 1"));
        Assert.Equal("integer", connection.Ask("select typeof(value) from t where id = 2"));
    }

    [Fact]
    public async Task An_error_is_the_engines_own_and_gives_the_lease_back()
    {
        Assert.Equal(
            1,
            (await Assert.ThrowsAsync<SqliteException>(() => _pool.ExecuteAsync($"selec 1"))).SqliteErrorCode
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.ExecuteAsync($"delete from t", new CancellationToken(true))
        );
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Theory]
    [InlineData("insert into t values ($id, $value)")]
    [InlineData("insert into t values (?1, ?2)")]
    [InlineData("insert into t values (@a, :b)")]
    public async Task Many_rows_are_stored_and_reported(string sql)
    {
        Reports reports = new();
        Assert.Equal(2_500, await _pool.ExecuteManyAsync(sql, Rows(2_500), reports));
        Assert.Equal([1_000, 2_000, 2_500], reports.All);
        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal("2500", connection.Ask("select count(*) from t where value = 'v' || id"));
        Assert.Equal(0, await _pool.ExecuteManyAsync(sql, []));
    }

    [Fact]
    public async Task All_rows_are_stored_or_none()
    {
        IEnumerable<IReadOnlyList<object?>> broken = Rows(50).Append([50, "again"]);
        SqliteException error = await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.ExecuteManyAsync("insert into t values ($id, $value)", broken)
        );
        Assert.Equal(19, error.SqliteErrorCode);
        await Assert.ThrowsAsync<FormatException>(() =>
            _pool.ExecuteManyAsync("insert into t values ($id, $value)", Failing())
        );
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.ExecuteManyAsync("insert into t values ($id, $value)", Cancelling(stop), null, stop.Token)
        );
        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal("0", connection.Ask("select count(*) from t"));
        Assert.Equal(1, connection.Run("insert into t values (1, 2)"));

        static IEnumerable<IReadOnlyList<object?>> Failing()
        {
            yield return [1, 1];
            throw new FormatException();
        }

        static IEnumerable<IReadOnlyList<object?>> Cancelling(CancellationTokenSource stop)
        {
            yield return [1, 1];
            stop.Cancel();
            yield return [2, 2];
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(0)]
    public async Task A_row_with_too_few_or_too_many_values_says_which(int values)
    {
        object?[] wrong = [.. Enumerable.Range(0, values).Select(i => (object?)i)];
        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() =>
            _pool.ExecuteManyAsync("insert into t values ($id, $value)", Rows(3).Append(wrong))
        );
        Assert.Contains($"Row 3 has {values} values", error.Message, StringComparison.Ordinal);
        using SqlitePoolConnection connection = _pool.Rent();
        Assert.Equal("0", connection.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_nameless_parameter_is_refused_and_leaves_no_statement_behind()
    {
        const string Sql = "insert into t values (?, ?)";
        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() =>
            _pool.ExecuteManyAsync(Sql, Rows(1))
        );
        Assert.Contains("?1", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => _pool.ExecuteManyAsync(Sql, Rows(1)));
        using SqlitePoolConnection writer = _pool.RentWriter();
        Assert.InRange(writer.PreparedStatements().Count(sql => sql == Sql), 0, 1);
    }

    [Fact]
    public async Task Several_statements_for_many_rows_are_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() =>
            _pool.ExecuteManyAsync("insert into t values ($id, $value); select 1", Rows(1))
        );
        await Assert.ThrowsAsync<ArgumentException>(() => _pool.ExecuteManyAsync(" ", Rows(1)));
        await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.ExecuteManyAsync("insert into missing values ($id)", Rows(1))
        );
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t(value) values (1)"));
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private static IEnumerable<IReadOnlyList<object?>> Rows(int count) =>
        Enumerable.Range(1, count).Select(i => (IReadOnlyList<object?>)[i, $"v{i}"]);

    private sealed class Reports : IProgress<long>
    {
        public List<long> All { get; } = [];

        public void Report(long value) => All.Add(value);
    }
}
