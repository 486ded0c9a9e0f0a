using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Writing;

public sealed class WalFileTests
{
    [Fact]
    public void A_file_that_can_only_be_read_any_more_is_synced_all_the_same()
    {
        Assert.SkipUnless(Unprivileged.IsPossible, "Only root on Linux can give up rights on one thread.");
        using TempDatabase database = new();
        string wal = database.Path + "-wal";
        File.WriteAllText(wal, "frames");
        Unprivileged.SetMode(Path.GetDirectoryName(wal)!, (UnixFileMode)0b111_111_111);
        Unprivileged.SetMode(wal, (UnixFileMode)0b100_100_100);

        Assert.True(
            Unprivileged.Run(() =>
            {
                WalFile.Sync(wal);
                return true;
            })
        );
    }

    [Fact]
    public void Where_there_is_no_file_nothing_is_left_to_be_synced()
    {
        using TempDatabase database = new();
        WalFile.Sync(database.Path + "-wal");
    }
}
