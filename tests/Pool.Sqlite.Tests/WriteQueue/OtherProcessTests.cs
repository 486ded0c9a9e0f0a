using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>What needs a process of its own: a lock, a limit, other rights.</summary>
public sealed class OtherProcessTests : QueueTest
{
    [Fact]
    public async Task While_another_process_holds_the_lock_the_queue_waits_and_then_writes()
    {
        Options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(20);
        using WriterProcess other = new("lock", Database.Path);
        Assert.Equal("locked", await other.ReadLine());
        Task[] items =
        [
            .. Enumerable.Range(1, 3).Select(id => Writes.ExecuteAsync($"insert into t(id) values ({id})")),
        ];
        await Limit.Until(() => Statistics.Retries >= 2);
        Assert.DoesNotContain(items, item => item.IsCompleted);
        other.WriteLine("let go");
        Assert.Equal("free", await other.ReadLine());
        await Task.WhenAll(items).Limited();
        Assert.Equal("1,2,3", Ids);
    }

    [Fact]
    public async Task Where_files_may_not_grow_what_fits_is_stored_and_the_rest_fails_until_they_may()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no such limit.");
        using TempDatabase database = new();
        using WriterProcess writer = new("limit", database.Path);
        List<string> stored = [];
        int failed = 0;
        while (await writer.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            if (words[0] == "stored")
            {
                stored.Add(words[1]);
            }
            else
            {
                // A full disk, or an input/output error.
                Assert.True(words is ["failed", _, "13" or "10"], line);
                failed++;
            }
        }

        Assert.Equal(0, await writer.End());
        Assert.InRange(failed, 20, 59);
        Assert.Equal("1000", stored[^1]);
        using SqliteConnection direct = database.OpenDirectly();
        Assert.Equal(
            string.Join(',', stored),
            direct.Ask("select group_concat(id) from (select id from t order by id)")
        );
        Assert.Equal("ok", direct.Ask("pragma integrity_check"));
    }

    [Fact]
    public async Task A_file_that_is_read_only_is_told_and_written_to_once_it_no_longer_is()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such modes.");
        using (SqliteConnection direct = Database.OpenDirectly())
        {
            direct.Run("pragma wal_checkpoint(truncate)");
        }

        Unprivileged.SetMode(Path.GetDirectoryName(Database.Path)!, (UnixFileMode)0b111_111_111);
        Unprivileged.SetMode(Database.Path, (UnixFileMode)0b100_100_100);
        using WriterProcess writer = new("unprivileged", Database.Path);
        writer.WriteLine("1");
        Assert.StartsWith("failed", await writer.ReadLine(), StringComparison.Ordinal);

        // SQLite gave the files beside it the same mode.
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(Database.Path)!))
        {
            Unprivileged.SetMode(file, (UnixFileMode)0b110_110_110);
        }

        writer.WriteLine("2");
        Assert.Equal("stored", await writer.ReadLine());
        Assert.Equal(0, await writer.End());
        Assert.Equal("2", Ids);
    }
}
