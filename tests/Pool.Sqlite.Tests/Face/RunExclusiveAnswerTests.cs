using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Exclusive work that answers something.</summary>
public sealed class RunExclusiveAnswerTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public RunExclusiveAnswerTests() => _pool = new SqlitePool(_database.Options());

    [Fact]
    public async Task It_answers_what_the_work_answered()
    {
        await _pool.WarmUpAsync();
        using CancellationTokenSource stop = new();
        int open = await _pool.RunExclusiveAsync(
            async token =>
            {
                await Task.Yield();
                Assert.Equal(stop.Token, token);
                return _database.OpenFiles().Length;
            },
            stop.Token
        );
        Assert.Equal(0, open);
        Assert.Null(await _pool.RunExclusiveAsync(static _ => Task.FromResult<string?>(null)));
    }

    [Fact]
    public async Task What_it_throws_is_thrown_and_rents_go_on()
    {
        await Assert.ThrowsAsync<FormatException>(() =>
            _pool.RunExclusiveAsync<int>(static _ => throw new FormatException())
        );
        await Assert.ThrowsAsync<ArgumentNullException>(() =>
            _pool.RunExclusiveAsync((Func<CancellationToken, Task<int>>)null!)
        );
        InvalidOperationException none = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _pool.RunExclusiveAsync(static Task<int> (_) => null!)
        );
        Assert.Contains("null", none.Message, StringComparison.Ordinal);
        InvalidOperationException inside = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _pool.RunExclusiveAsync(token => _pool.ExecuteAsync("select 1", token))
        );
        Assert.Contains("RunExclusiveAsync", inside.Message, StringComparison.Ordinal);
        Assert.Equal(1, await _pool.ExecuteScalarAsync<int>("select 1").Limited());
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }
}
