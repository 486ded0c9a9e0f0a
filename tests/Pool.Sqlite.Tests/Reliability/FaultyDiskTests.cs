using Pool.Sqlite.Chaos;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Reliability;

/// <summary>Calls on the database's files fail in another process, by a library that is preloaded there.</summary>
public sealed class FaultyDiskTests(ITestOutputHelper output)
{
    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_disk_failed_and_the_pool_recovers_with_it()
    {
        using TempDatabase database = new();
        string library = database.In("faultydisk.so");
        Assert.SkipUnless(
            PreloadedLibrary.TryCompile(FaultyDisk.Source, library),
            "There is no C compiler (cc), or no LD_PRELOAD, to intercept calls by."
        );
        using WriterProcess process = new(["disk", database.Path], FaultyDisk.Environs(library, database.Path));

        (string said, int result) = await process.RunToEnd(TimeSpan.FromMinutes(5));

        output.WriteLine(said);
        Assert.Equal(0, result);
        string[] kinds = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(6, kinds.Length);
        Assert.All(
            kinds[..5],
            static kind => Assert.Matches(@": failed [\d ]*, recovered, stored (\d+) of \1, permits 3, open 0$", kind)
        );

        // Each kind makes itself felt: writes and syncs as I/O errors or a full disk, opens as a file that cannot be
        // opened.
        Assert.Matches("^writes: failed (10|13)", kinds[0]);
        Assert.Matches("^syncs: failed 10", kinds[1]);
        Assert.Matches("^opens: failed .*(10|14)", kinds[2]);

        // SQLite itself would delete a WAL that it cannot read: what was committed by others before is kept.
        Assert.Equal("leftover: stored", kinds[5]);
    }
}
