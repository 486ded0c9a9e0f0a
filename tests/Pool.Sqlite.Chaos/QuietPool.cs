using System.Diagnostics;

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
        SqlitePoolStatistics quiet = Pool.GetStatistics();
        round.Faults.Check(
            quiet is { InUse: 0, Waiting: 0, Opening: 0, WriteGateWaiting: 0 },
            $"at rest {quiet.InUse} are in use, {quiet.Opening} opening, {quiet.Waiting} waiting, {quiet.WriteGateWaiting} wait for the gate"
        );
        round.Faults.Check(
            quiet.Writes is { Queued: 0, WaitingForRoom: 0 },
            $"at rest {quiet.Writes.Queued} items are queued"
        );
        round.Faults.Check(
            quiet.Leaks == round.Dropped,
            $"{quiet.Leaks} leaks are counted, {round.Dropped} leases were dropped"
        );
        round.Faults.Check(Pool.GetLeases().Count == 0, "at rest a lease is listed");
        round.CheckStatistics();
        await CheckPermits(quiet.PoolSize + quiet.MaxOverflow);
        round.CompareFile("at rest");
    }

    private async Task WaitForDropped()
    {
        long start = Stopwatch.GetTimestamp();
        while (
            (Pool.GetStatistics().Leaks < round.Dropped || Pool.GetStatistics().InUse > 0)
            && Stopwatch.GetElapsedTime(start) < Patience
        )
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(10);
        }
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
        List<Exception> failures = [];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Patience)
        {
            long tx = round.Ledger.Begin();
            try
            {
                await work(tx).WaitAsync(Patience);
                if (what != "ReadAsync")
                {
                    round.Ledger.Acknowledge(tx);
                }

                return;
            }
            catch (Exception e)
            {
                failures.Add(e);
                await Task.Delay(50);
            }
        }

        round.Faults.Add($"{what} does not recover: {failures.Count} tries, the last: {failures[^1]}");
    }

    private async Task CheckPermits(int permits)
    {
        List<SqlitePoolConnection> leases = [];
        try
        {
            for (int i = 0; i < permits; i++)
            {
                leases.Add(await Pool.RentAsync(TimeSpan.FromSeconds(20)));
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
