using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

public sealed class TestConnectionTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Fact]
    public async Task A_database_that_can_be_read_is_fine()
    {
        await using SqlitePool pool = new(_database.Options());
        SqlitePoolConnectionTest test = await pool.TestConnectionAsync();
        Assert.True(test.IsSuccess);
        Assert.Null(test.Error);
        Assert.Contains("can be read", test.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task What_is_wrong_with_the_file_is_told()
    {
        await File.WriteAllTextAsync(_database.Path, new string('x', 5_000));
        await using SqlitePool pool = new(_database.Options());
        SqlitePoolConnectionTest test = await pool.TestConnectionAsync();
        Assert.False(test.IsSuccess);
        Assert.Equal(26, Assert.IsType<SqliteException>(test.Error).SqliteErrorCode);
        Assert.Contains("not a database", test.ToString(), StringComparison.Ordinal);

        await using SqlitePool missing = new($"Data Source={_database.In("none.db")};Mode=ReadWrite");
        Assert.Equal(14, Assert.IsType<SqliteException>((await missing.TestConnectionAsync()).Error).SqliteErrorCode);
        Assert.False(File.Exists(_database.In("none.db")));
    }

    [Fact]
    public async Task A_pool_without_a_free_connection_and_one_that_is_closed_say_so()
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.RentTimeout = TimeSpan.Zero;
        SqlitePool pool = new(options);
        using (pool.Rent())
        {
            Assert.IsType<SqlitePoolTimeoutException>((await pool.TestConnectionAsync()).Error);
        }

        await pool.DisposeAsync();
        Assert.IsType<ObjectDisposedException>((await pool.TestConnectionAsync()).Error);
    }

    [Fact]
    public async Task A_cancelled_test_is_cancelled_and_no_answer()
    {
        await using SqlitePool pool = new(_database.Options());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            pool.TestConnectionAsync(new CancellationToken(true))
        );
    }

    public void Dispose() => _database.Dispose();
}
