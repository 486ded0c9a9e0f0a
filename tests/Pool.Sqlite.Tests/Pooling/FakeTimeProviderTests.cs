using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>The clock that the other tests rely on.</summary>
public sealed class FakeTimeProviderTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<(string Timer, double Second)> _fired = [];
    private readonly long _start;

    public FakeTimeProviderTests() => _start = _time.GetTimestamp();

    [Fact]
    public void Timers_go_off_in_the_order_of_their_times_and_see_them()
    {
        using ITimer late = Make("late", 3);
        using ITimer early = Make("early", 1);
        using ITimer later = Make("never", 30);

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal([("early", 1), ("late", 3)], _fired);
        Assert.Equal(10, Now);
        Assert.Equal(1, _time.ArmedTimers);
    }

    [Fact]
    public void A_periodic_timer_goes_off_once_for_every_period()
    {
        using ITimer periodic = Make("p", 1, 2);
        using ITimer once = Make("o", 4);

        _time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal([("p", 1), ("p", 3), ("o", 4), ("p", 5)], _fired);
    }

    [Fact]
    public void One_that_is_due_at_once_goes_off_at_the_next_advance_and_not_before()
    {
        using ITimer timer = Make("now", 0);
        Assert.Empty(_fired);

        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal("now", Assert.Single(_fired).Timer);
    }

    [Fact]
    public void A_timer_can_be_changed_stopped_and_disposed()
    {
        ITimer timer = Make("t", 1);
        timer.Change(TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(4));
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Empty(_fired);

        timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        _time.Advance(TimeSpan.FromSeconds(4));

        Assert.Empty(_fired);
        Assert.False(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void A_timer_set_by_another_goes_off_in_the_same_advance()
    {
        using ITimer outer = _time.CreateTimer(
            _ => Make("inner", 2),
            null,
            TimeSpan.FromSeconds(1),
            Timeout.InfiniteTimeSpan
        );

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([("inner", 3)], _fired);
        Assert.Equal(5, Now);
    }

    private double Now => _time.GetElapsedTime(_start).TotalSeconds;

    private ITimer Make(string name, double due, double? period = null) =>
        _time.CreateTimer(
            _ => _fired.Add((name, Now)),
            null,
            TimeSpan.FromSeconds(due),
            period is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan
        );
}
