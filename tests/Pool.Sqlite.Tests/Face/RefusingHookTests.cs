using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Hooks that refuse every connection.</summary>
public sealed class RefusingHookTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_renting_hook_that_refuses_everything_is_named_with_its_cause_and_few_connections_are_opened(
        bool throws,
        bool blocking
    )
    {
        using TempDatabase database = new();
        FakeTimeProvider time = new();
        int opened = 0;
        FormatException cause = new("It was told to fail.");
        SqlitePoolOptions options = database.Options(size: 2, overflow: 0);
        options.RentTimeout = TimeSpan.FromSeconds(3);
        options.ConnectionOpened = _ => Interlocked.Increment(ref opened);
        options.Renting = _ => throws ? throw cause : false;
        await using SqlitePool pool = new(options, timeProvider: time);
        Task<SqlitePoolConnection> rent = blocking ? Limit.OnThread(() => pool.Rent()) : pool.RentAsync().AsTask();

        // Time passes in the pauses alone, when there is a timer beside the housekeeper's and nothing is being opened;
        // by so little that it does no harm where the next open has begun since that look.
        while (!rent.IsCompleted)
        {
            await Limit.Until(() =>
                rent.IsCompleted || (time.ArmedTimers > 1 && pool.GetStatistics() is { Open: 0, Opening: 0 })
            );
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        SqlitePoolTimeoutException refused = await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => rent);

        Assert.Contains("Renting hook", refused.Message, StringComparison.Ordinal);
        Assert.Same(throws ? cause : null, refused.InnerException);

        // Two at once, then after pauses that double, of which half is random: 5, 10, 20 ms and so on at the least.
        Assert.InRange(opened, 2, 13);

        // The time may have run out while the last one was being opened: that is kept for the next rent.
        await Limit.Until(() => pool.GetStatistics().Opening == 0);
        await pool.ClearAsync();
        SqlitePoolStatistics now = pool.GetStatistics();
        Assert.Equal((0, 0, 1L), (now.Open, now.InUse, now.Timeouts));
    }

    [Fact]
    public async Task A_connection_opened_hook_that_throws_is_told_to_the_one_who_rents()
    {
        using TempDatabase database = new();
        SqlitePoolOptions options = database.Options();
        options.ConnectionOpened = _ => throw new FormatException("It was told to fail.");
        await using SqlitePool pool = new(options);

        await Assert.ThrowsAsync<FormatException>(() => pool.RentAsync().AsTask().Limited());
        Assert.Throws<FormatException>(() => pool.Rent());
        Assert.Equal(0, pool.GetStatistics().Open);
    }
}
