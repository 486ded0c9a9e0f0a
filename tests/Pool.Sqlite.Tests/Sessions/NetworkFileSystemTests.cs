using Pool.Sqlite.Sessions;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class NetworkFileSystemTests
{
    private const int Warning = 26;

    private static readonly string[] Mounts =
    [
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
        "36 22 0:41 / /mnt/share rw,relatime shared:20 master:1 - nfs4 server:/export rw,vers=4.2",
        "37 36 8:2 / /mnt/share/local rw - xfs /dev/sdb1 rw",
        "38 22 0:42 / /mnt/with\\040space rw - cifs //server/share rw",
        "39 22 0:43 / /mnt/ssh rw - fuse.sshfs user@host: rw",
        "40 22 0:44 / /mnt/ntfs rw - fuseblk /dev/sdc1 rw",
        "41 22 0:45 / /mnt/covered rw - nfs server:/old rw",
        "42 41 0:46 / /mnt/covered rw - tmpfs tmpfs rw",
        "no mount at all",
    ];

    [Theory]
    [InlineData("/home/app.db", null)]
    [InlineData("/mnt/share/app.db", "nfs4")]
    [InlineData("/mnt/share/deep/app.db", "nfs4")]
    [InlineData("/mnt/shared/app.db", null)]
    [InlineData("/mnt/share/local/app.db", null)]
    [InlineData("/mnt/with space/app.db", "cifs")]
    [InlineData("/mnt/ssh/app.db", "fuse.sshfs")]
    [InlineData("/mnt/ntfs/app.db", null)]
    [InlineData("/mnt/covered/app.db", null)]
    public void The_mount_that_a_file_lies_on_decides(string path, string? fileSystem) =>
        Assert.Equal(fileSystem, NetworkFileSystem.Find(path, Mounts));

    [Fact]
    public void A_pool_warns_of_it_once()
    {
        using TempDatabase database = new();
        using TestLog log = new();
        using SqlitePool pool = new(database.Options(), log);
        pool.Figures.NetworkFileSystemOf = path => path == database.Path ? "nfs4" : null;
        SqlitePoolConnection[] leases = [pool.Rent(), pool.Rent(), pool.RentWriter()];
        Array.ForEach(leases, static lease => lease.Dispose());

        LogEntry warning = Assert.Single(log.Entries, static entry => entry.Id == Warning);
        Assert.Contains("nfs4", warning.Text, StringComparison.Ordinal);
        Assert.Contains("Move the file to a local disk", warning.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_local_file_and_a_database_in_memory_are_not_worth_a_word(bool isFile)
    {
        using TempDatabase database = new();
        using TestLog log = new();
        using SqlitePool pool = isFile
            ? new(database.Options(), log)
            : new(new SqlitePoolOptions { ConnectionString = "Data Source=:memory:" }, log);
        if (!isFile)
        {
            pool.Figures.NetworkFileSystemOf = static _ => "nfs4";
        }

        pool.Rent().Dispose();
        Assert.DoesNotContain(log.Entries, static entry => entry.Id == Warning);
    }
}
