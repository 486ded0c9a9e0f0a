using System.Data.Common;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Calls as one writes them without having read the list of overloads. That they compile is half of the test.</summary>
public sealed class GuessedCallsTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public GuessedCallsTests()
    {
        _pool = new SqlitePool(_database.Options());
        _pool.Execute("create table t(x)");
    }

    private DbDataSource Source => _pool;

    [Fact]
    public async Task Default_after_a_text_is_a_token()
    {
        Assert.Equal(1, _pool.ExecuteScalar<int>("select 1", default));
        Assert.Equal(1, await _pool.ExecuteScalarAsync<int>("select 1", default));
        Assert.Equal(1, await Source.ExecuteScalarAsync<int>("select 1", default));
        Assert.Equal(1, _pool.Execute("insert into t values (1)", default));
        Assert.Equal(1, await _pool.ExecuteAsync("insert into t values (1)", default));
        Assert.Equal(1, await Source.ExecuteAsync("insert into t values (1)", default));
        Assert.Equal(1, await _pool.Writes.ExecuteAsync("insert into t values (1)", default));
    }

    [Fact]
    public async Task Default_after_an_interpolated_text_is_a_token_and_its_values_are_parameters()
    {
        const string Value = "it's";
        Assert.Equal(Value, _pool.ExecuteScalar<string>($"select {Value}", default));
        Assert.Equal(Value, await _pool.ExecuteScalarAsync<string>($"select {Value}", default));
        Assert.Equal(Value, await Source.ExecuteScalarAsync<string>($"select {Value}", default));
        Assert.Equal(1, _pool.Execute($"insert into t values ({Value})", default));
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t values ({Value})", default));
        Assert.Equal(1, await Source.ExecuteAsync($"insert into t values ({Value})", default));
        Assert.Equal(1, await _pool.Writes.ExecuteAsync($"insert into t values ({Value})", default));
    }

    [Fact]
    public async Task Null_alone_is_a_value()
    {
        Assert.Null(_pool.ExecuteScalar<object>("select $x", null));
        Assert.Null(await _pool.ExecuteScalarAsync<object>("select $x", null));
        Assert.Null(await Source.ExecuteScalarAsync<object>("select @x", null));
        Assert.Equal(1, _pool.Execute("insert into t values ($x)", null));
        Assert.Equal(1, await _pool.ExecuteAsync("insert into t values ($x)", null));
        Assert.Equal(1, await Source.ExecuteAsync("insert into t values (@x)", null));
        Assert.Equal(1, await _pool.Writes.ExecuteAsync("insert into t values ($x)", null));
        Assert.True(_pool.Writes.TryPost("insert into t values ($x)", null));
        await _pool.Writes.FlushAsync();
        Assert.Equal(5, await _pool.ExecuteScalarAsync<int>("select count(*) from t where x is null"));
    }

    [Fact]
    public async Task One_blob_is_no_rows()
    {
        byte[] blob = [1, 2];
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            _pool.ExecuteManyAsync("insert into t values ($x)", blob)
        );
        Assert.Contains("[bytes]", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await _pool.ExecuteManyAsync("insert into t values ($x)", [blob]));
    }

    [Fact]
    public async Task An_object_is_refused_by_what_to_write_instead()
    {
        foreach (
            object value in (object[])[new Point(1), new { x = 1 }, new Uri("http://localhost/"), new HashSet<int>()]
        )
        {
            Task[] calls =
            [
                _pool.ExecuteAsync("insert into t values ($x)", value),
                Task.Run(() => _pool.Execute("insert into t values ($x)", value)),
                _pool.ExecuteScalarAsync<int>("select $x", value),
                Task.Run(() => _pool.Writes.ExecuteAsync("insert into t values ($x)", value)),
                Task.Run(() => _pool.Writes.TryPost("insert into t values ($x)", value)),
            ];
            foreach (Task call in calls)
            {
                ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => call);
                Assert.Contains("Write the values one by one", refused.Message, StringComparison.Ordinal);
            }
        }
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private sealed record Point(int X);
}
