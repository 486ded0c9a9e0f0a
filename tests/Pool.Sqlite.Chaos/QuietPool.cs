using Pool.Sqlite.Tests.Shared;

namespace Pool.Sqlite.Chaos;

/// <summary>
/// What must hold when all tasks have ended and nothing fails any more: every permit is back, and all works again.
/// </summary>
internal sealed class QuietPool(ChaosRound round)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private SqlitePool Pool => round.Pool;

    public async Task Check()
    {
        await WaitForDropped();
        await CheckRecovery();
        await WaitForRest();
        SqlitePoolStatistics quiet = Pool.GetStatistics();
        round.Faults.Check(
            quiet.Leaks == round.Dropped,
            $"{quiet.Leaks} leaks are counted, {round.Dropped} leases were dropped"
        );
        round.CheckStatistics();
        await CheckPermits(quiet.PoolSize + quiet.MaxOverflow);
        round.CompareFile("at rest");
    }

    private async Task WaitForDropped()
    {
        string? missing = await Eventually.WhyNot(
            () =>
            {
                SqlitePoolStatistics now = Pool.GetStatistics();
                if (now.Leaks >= round.Dropped && now.InUse == 0)
                {
                    return null;
                }

                ChaosRound.CollectDropped();
                return $"{now.Leaks} leaks are counted, {round.Dropped} leases were dropped, {now.InUse} are in use";
            },
            Patience,
            TimeSpan.FromMilliseconds(10)
        );
        round.Faults.Check(missing is null, $"dropped leases do not come back: {missing}");
    }

    // The housekeeper may be opening for stock at any moment.
    private async Task WaitForRest()
    {
        string? missing = await Eventually.WhyNot(
            () =>
            {
                SqlitePoolStatistics now = Pool.GetStatistics();
                int listed = Pool.GetLeases().Count;
                return
                    listed == 0
                    && now is { InUse: 0, Waiting: 0, Opening: 0, WriteGateWaiting: 0 }
                    && now.Writes is { Queued: 0, WaitingForRoom: 0 }
                    ? null
                    : $"{now.InUse} are in use, {listed} listed, {now.Opening} opening, {now.Waiting} waiting, "
                        + $"{now.WriteGateWaiting} wait for the gate, {now.Writes.Queued} items are queued";
            },
            Patience,
            TimeSpan.FromMilliseconds(5)
        );
        round.Faults.Check(missing is null, $"it does not come to rest: {missing}");
    }

    // Each way to write works again; the first try may still meet a connection that was opened while the disk failed.
    private async Task CheckRecovery()
    {
        await Again(
            "ExecuteAsync",
            tx => Pool.ExecuteAsync($"insert into ledger(tx, part, parts) values ({tx}, 1, 1)")
        );
        await Again(
            "the queue",
            tx => Pool.Writes.ExecuteAsync($"insert into ledger(tx, part, parts) values ({tx}, 1, 1)")
        );
        await Again(
            "WriteAsync",
            tx => Pool.WriteAsync(async connection => await Writes.Part(connection, tx, 1, 1, 0).ExecuteNonQueryAsync())
        );
        await Again(
            "ReadAsync",
            _ =>
                Pool.ReadAsync(connection =>
                    Reads.Ask(connection, "select count(*) from ledger", CancellationToken.None)
                )
        );
    }

    private async Task Again(string what, Func<long, Task> work)
    {
        int tries = 0;
        string? missing = await Eventually.WhyNot(
            async () =>
            {
                long tx = round.Ledger.Begin();
                try
                {
                    await work(tx).WaitAsync(Patience);
                    if (what != "ReadAsync")
                    {
                        round.Ledger.Acknowledge(tx);
                    }

                    return null;
                }
                catch (Exception e)
                {
                    return $"{what} does not recover: {++tries} tries, the last: {e}";
                }
            },
            Patience,
            TimeSpan.FromMilliseconds(50)
        );
        round.Faults.Check(missing is null, missing ?? "");
    }

    private async Task CheckPermits(int permits)
    {
        List<SqlitePoolConnection> leases = [];
        try
        {
            for (int i = 0; i < permits; i++)
            {
                leases.Add(await Pool.RentAsync(Patience));
            }

            round.Faults.Check(
                leases.Select(static lease => lease.SqliteConnection.Handle).Distinct().Count() == permits,
                "two leases have one handle"
            );
            try
            {
                using SqlitePoolConnection more = await Pool.RentAsync(TimeSpan.Zero);
                round.Faults.Add("there are more permits than there were at the beginning");
            }
            catch (SqlitePoolTimeoutException) { }
        }
        catch (SqlitePoolTimeoutException e)
        {
            round.Faults.Add($"of {permits} permits {leases.Count} are back: {e.Message}");
        }
        finally
        {
            leases.ForEach(static lease => lease.Dispose());
        }
    }
}
