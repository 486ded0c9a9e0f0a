using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

/// <summary>
/// Of two connections of one process that close at the same moment SQLite takes neither for the last: each finds the
/// lock of the other, and the WAL is left.
/// </summary>
public sealed class ClosingTogetherTests
{
    [Fact]
    public async Task The_last_lease_and_the_writer_that_go_back_at_once_leave_no_WAL()
    {
        using TempDatabase database = new();
        for (int round = 0; round < 30; round++)
        {
            SqlitePool pool = new(database.Options());
            SqlitePoolConnection[] leases = [pool.Rent(), pool.RentWriter()];
            leases[1].Run($"create table t{round}(value)");
            Task closing = pool.DisposeAsync().AsTask();
            using Barrier together = new(leases.Length);
            await Task.WhenAll(
                    leases.Select(lease =>
                        Limit.OnThread(() =>
                        {
                            together.SignalAndWait(Limit.Length);
                            lease.Dispose();
                        })
                    )
                )
                .Limited();
            await closing.Limited();
            Assert.False(database.Exists("-wal"), $"Round {round}: it is left.");
        }
    }
}
