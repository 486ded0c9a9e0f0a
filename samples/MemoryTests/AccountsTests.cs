using Microsoft.Data.Sqlite;
using Pool.Sqlite;

namespace MemoryTests;

/// <summary>
/// Each test has a database of its own in memory: made in microseconds, shared by the connections of its pool, gone
/// with it.
/// </summary>
public sealed class AccountsTests : IAsyncLifetime
{
    private readonly SqlitePool _pool = new($"Data Source=test-{Guid.NewGuid():N};Mode=Memory;Cache=Shared");
    private readonly Accounts _accounts;

    public AccountsTests() => _accounts = new Accounts(_pool);

    public async ValueTask InitializeAsync()
    {
        await _accounts.CreateAsync();
        await _accounts.OpenAsync(1, 100);
        await _accounts.OpenAsync(2, 0);
    }

    [Fact]
    public async Task Money_moves()
    {
        await _accounts.TransferAsync(1, 2, 30);
        Assert.Equal((70, 30), (await _accounts.BalanceAsync(1), await _accounts.BalanceAsync(2)));
    }

    [Fact]
    public async Task A_transfer_that_would_overdraw_moves_nothing()
    {
        await Assert.ThrowsAsync<SqliteException>(() => _accounts.TransferAsync(1, 2, 300));
        Assert.Equal((100, 0), (await _accounts.BalanceAsync(1), await _accounts.BalanceAsync(2)));
    }

    [Fact]
    public async Task Fifty_transfers_at_once_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => _accounts.TransferAsync(1, 2, 1))));
        Assert.Equal((50, 50), (await _accounts.BalanceAsync(1), await _accounts.BalanceAsync(2)));
    }

    public ValueTask DisposeAsync() => _pool.DisposeAsync();
}
