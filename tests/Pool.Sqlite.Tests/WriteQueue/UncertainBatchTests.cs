using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>
/// A COMMIT of which nobody knows whether it took. A folder stands where the rollback journal was, so that SQLite
/// writes everything and then cannot remove the journal.
/// </summary>
public sealed class UncertainBatchTests : QueueTest
{
    private readonly List<int> _calls = [];

    public UncertainBatchTests() => Options.Pragmas.JournalMode = JournalMode.Delete;

    private string Journal => Database.Path + "-journal";

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_item_is_run_again_and_each_is_told_that_it_is_unknown(int items)
    {
        await Writes.ExecuteAsync($"insert into t(id) values (100)");
        Task[] tasks;
        using (Block())
        {
            tasks =
            [
                .. Enumerable
                    .Range(1, items)
                    .Select(id => Writes.EnqueueAsync(connection => InsertAndSpoil(connection, id, id == items))),
            ];
        }

        foreach (Task task in tasks)
        {
            SqliteException told = await Assert.ThrowsAsync<SqliteException>(() => task.Limited());
            Assert.Contains("unknown whether it is stored", told.Message, StringComparison.Ordinal);
            Assert.Equal(10, told.SqliteErrorCode);
        }

        Assert.Equal(Enumerable.Range(1, items), _calls);
        Assert.Contains(Log.Entries, static entry => entry.Id == 35);
        Assert.DoesNotContain(Log.Entries, static entry => entry.Id is 32 or 33);
        Directory.Delete(Journal, recursive: true);

        // All of the batch or nothing of it, and the queue goes on.
        await Writes.ExecuteAsync($"insert into t(id) values (200)").Limited();
        string all = string.Join(',', Enumerable.Range(1, items));
        Assert.Contains(Ids, new[] { "100,200", $"{all},100,200" });
    }

    [Fact]
    public async Task An_item_that_failed_by_itself_is_told_that()
    {
        await Writes.ExecuteAsync($"insert into t(id) values (100)");
        Task good,
            bad;
        using (Block())
        {
            bad = Writes.EnqueueAsync(static _ => throw new FormatException("no number"));
            good = Writes.EnqueueAsync(connection => InsertAndSpoil(connection, 1, spoils: true));
        }

        await Assert.ThrowsAsync<FormatException>(() => bad.Limited());
        await Assert.ThrowsAsync<SqliteException>(() => good.Limited());
        Directory.Delete(Journal, recursive: true);
    }

    [Fact]
    public async Task A_transaction_of_a_lease_is_told_the_same()
    {
        using (SqlitePoolConnection lease = await Pool.RentAsync())
        {
            SqlitePoolTransaction transaction = lease.BeginTransaction();
            InsertAndSpoil(lease, 1, spoils: true);
            SqliteException told = Assert.Throws<SqliteException>(transaction.Commit);
            Assert.Contains("unknown whether it is stored", told.Message, StringComparison.Ordinal);
            Directory.Delete(Journal, recursive: true);
        }

        await Pool.ExecuteAsync($"insert into t(id) values (200)").Limited();
        Assert.Contains(Ids, new[] { "200", "1,200" });
    }

    private void InsertAndSpoil(SqlitePoolConnection connection, int id, bool spoils)
    {
        _calls.Add(id);
        Insert(connection, id);
        if (spoils)
        {
            File.Delete(Journal);
            Directory.CreateDirectory(Path.Combine(Journal, "in the way"));
        }
    }
}
