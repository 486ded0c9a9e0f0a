using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics.Records;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.WriteQueue;

/// <summary>Ends the tasks of a batch once it is on disk and those of the batches before it have ended.</summary>
internal sealed class BatchSettlement(IWriterSource pool, WriteBacklog backlog, Action settledLater)
{
    private Task _settled = Task.CompletedTask;

    /// <summary>True when no batch waits for the disk.</summary>
    public bool IsQuiet => Volatile.Read(ref _settled).IsCompleted;

    /// <summary>Settles the current batch when its commit is durable. The next batch runs meanwhile.</summary>
    /// <param name="commit">What the batch has come to on disk.</param>
    /// <param name="failures">The items that failed, in the order of the batch.</param>
    public void WhenDurable(CommitTicket commit, (WriteItem Item, Exception Failure)[] failures)
    {
        WriteItem[] items = backlog.EndBatch();
        Task before = _settled;
        if (before.IsCompleted && commit.IsDurable)
        {
            Settle(items, failures);
            return;
        }

        // With nothing to be written meanwhile, this thread is as good as another, and nearer.
        ValueTask durable = backlog.IsEmpty ? commit.Wait(async: true) : commit.WaitInBackground();
        Task settled = SettleLater(before, durable, items, failures);
        Volatile.Write(ref _settled, settled);
        if (!settled.IsCompleted)
        {
            // The loop may rest by then, on a queue that is closed.
            _ = settled.ContinueWith(
                _ => settledLater(),
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default
            );
        }
    }

    /// <summary>A failure that all items share which have none of their own, in the order of the batch.</summary>
    public static (WriteItem Item, Exception Failure)[] Share(
        IEnumerable<WriteItem> items,
        (WriteItem Item, Exception Failure)[] failures,
        Exception shared
    ) =>
        [
            .. items
                .Where(static item => item.Writes)
                .Select(item => (item, Array.Find(failures, failed => failed.Item == item).Failure ?? shared)),
        ];

    private async Task SettleLater(
        Task before,
        ValueTask durable,
        WriteItem[] items,
        (WriteItem Item, Exception Failure)[] failures
    )
    {
        try
        {
            await before.ConfigureAwait(false);
            await durable.ConfigureAwait(false);
            Settle(items, failures);
        }
        catch (SqliteException e)
        {
            (WriteItem Item, Exception Failure)[] told = Share(items, failures, e);
            pool.Logger.WritesUncertain(e, pool.Name, told.Length - failures.Length);
            Settle(items, told);
        }
    }

    private static void Settle(WriteItem[] items, (WriteItem Item, Exception Failure)[] failures)
    {
        // First those that are stored: a handler that is told of a failure may take its time. Last those that marked a
        // place.
        int failed = 0;
        foreach (WriteItem item in items)
        {
            if (failed < failures.Length && failures[failed].Item == item)
            {
                failed++;
            }
            else if (item.Writes)
            {
                item.Succeed();
            }
        }

        Array.ForEach(failures, static failed => failed.Item.Fail(failed.Failure));
        Array.ForEach(items, static item => item.Succeed());
    }
}
