using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class TokenAfterDataTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public TokenAfterDataTests()
    {
        _pool = new SqlitePool(_database.Options());
        _pool.Execute("create table t(x)");
    }

    [Fact]
    public async Task A_token_may_stand_in_the_place_of_the_mode_and_of_the_progress()
    {
        using CancellationTokenSource stop = new();
        string copy = _database.In("copy.db");
        Assert.True((await _pool.CheckpointAsync(stop.Token)).Completed);
        Assert.True((await _pool.CheckpointAsync(default)).Completed);
        await _pool.BackupAsync(copy, stop.Token);
        await _pool.BackupAsync(copy, cancellationToken: stop.Token);
        await _pool.BackupAsync(copy, null, stop.Token);
        await _pool.BackupAsync(copy, default);
        await _pool.RestoreAsync(copy, stop.Token);
        await _pool.RestoreAsync(copy, default);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => _pool.CheckpointAsync(stop.Token));
        await Assert.ThrowsAsync<OperationCanceledException>(() => _pool.BackupAsync(copy, stop.Token));
        await Assert.ThrowsAsync<OperationCanceledException>(() => _pool.RestoreAsync(copy, stop.Token));
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }
}
