using Microsoft.Win32.SafeHandles;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Writing;

public sealed class WalFileTests
{
    // fcntl.h: O_CLOEXEC.
    private const int ClosedOnExec = 0x80000;

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

    [Fact]
    public void A_descriptor_that_a_sync_opens_is_not_left_to_other_programs()
    {
        using TempDatabase database = new();
        string wal = database.Path + "-wal";
        Assert.Null(NativeFile.TryOpenForReading(wal));
        File.WriteAllText(wal, "frames");
        using SafeFileHandle? file = NativeFile.TryOpenForReading(wal);
        Assert.SkipWhen(file is null, "Only 64-bit Linux opens files without asking for their status.");
        string flags = File.ReadLines($"/proc/self/fdinfo/{file.DangerousGetHandle()}")
            .First(static line => line.StartsWith("flags:", StringComparison.Ordinal));
        Assert.Equal(ClosedOnExec, Convert.ToInt32(flags.Split('\t')[1], 8) & ClosedOnExec);
    }
}
