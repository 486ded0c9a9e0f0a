using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>The reserve is for a flow that holds the write gate of this very database.</summary>
public sealed class ReserveTests : IDisposable
{
    private readonly TempDatabase _held = new();
    private readonly TempDatabase _other = new();

    [Fact]
    public void A_flow_that_holds_the_gate_of_another_database_waits_like_any_other()
    {
        using SqlitePool held = _held.OneConnection();
        SqlitePoolOptions options = _other.Options(size: 1, overflow: 0);
        options.RentTimeout = TimeSpan.Zero;
        using SqlitePool other = new(options);
        using SqlitePoolConnection writer = held.RentWriter();
        using SqlitePoolConnection only = other.Rent();

        Assert.Throws<SqlitePoolTimeoutException>(() => other.Rent());

        Assert.Equal(1, other.GetStatistics().Open);
    }

    [Fact]
    public void A_flow_that_holds_the_gate_of_this_database_gets_one_more()
    {
        SqlitePoolOptions options = _held.Options(size: 1, overflow: 0);
        options.RentTimeout = TimeSpan.Zero;
        using SqlitePool held = new(options);
        using SqlitePoolConnection only = held.Rent();
        using SqlitePoolTransaction transaction = only.BeginTransaction();
        using SqlitePoolConnection more = held.Rent();
        Assert.Equal("1", more.Ask("select 1"));
    }

    public void Dispose()
    {
        _held.Dispose();
        _other.Dispose();
    }
}
