using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class ClearMeetsHousekeepingTests : LeasePoolTest
{
    [Fact]
    public async Task What_a_health_check_has_in_its_hands_while_all_is_cleared_is_closed_after_it()
    {
        MakePool(new LeasePoolOptions { Size = 1, HealthCheckInterval = Seconds(60) });
        Return(await Rent());
        Pool.Sweep();
        Time.Advance(Seconds(60));
        Latch latch = new();
        Source.Checking = (_, _) =>
        {
            latch.Pass();
            return RetireReason.None;
        };
        Task round = Limit.OnThread(Pool.Sweep);
        await latch.Reached;

        Pool.Clear();
        latch.Open();
        await round.Limited();

        AssertPool(open: 0, inUse: 0);
        Assert.Equal(RetireReason.Clear, Assert.Single(Source.Closes).Reason);
    }
}
