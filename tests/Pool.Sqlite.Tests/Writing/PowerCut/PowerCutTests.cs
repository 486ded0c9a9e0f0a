using Microsoft.Data.Sqlite;
using Pool.Sqlite.Chaos;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing.PowerCut;

/// <summary>
/// A process writes by every kind of write and is killed; from a log of all that it wrote and synced, its files are put
/// back as a power failure at many moments would have left them. What was answered by then must be there.
/// </summary>
public sealed class PowerCutTests
{
    private const int Runs = 4;
    private const int CutsOfARun = 10;

    [Fact]
    public async Task What_was_answered_survives_a_power_cut_and_no_transaction_is_there_in_part()
    {
        (int answered, int lost) = await CutPower("full", early: false);
        Assert.True(answered > 1_000, $"Only {answered} writes were answered.");
        Assert.Equal(0, lost);
    }

    [Fact]
    public async Task With_synchronous_NORMAL_the_same_cuts_lose_what_was_answered()
    {
        (int answered, int lost) = await CutPower("normal", early: false);
        Assert.InRange(lost, 1, answered);
    }

    [Fact]
    public async Task With_a_sync_that_covers_only_what_was_written_before_an_earlier_one_they_do_too()
    {
        (int answered, int lost) = await CutPower("full", early: true);
        Assert.InRange(lost, 1, answered);
    }

    private static async Task<(int Answered, int Lost)> CutPower(string synchronous, bool early)
    {
        using TempDatabase folder = new();
        string shim = Compile(folder.In("powercut.so"));
        int answered = 0,
            lost = 0;
        for (int run = 0; run < Runs; run++)
        {
            int seed = (run * 7_919) + 17;
            using TempDatabase database = new();
            using (SqliteConnection direct = database.OpenDirectly())
            {
                direct.Run(
                    "PRAGMA journal_mode=WAL; create table t(tx int, part int, parts int); create index i on t(tx)"
                );
            }

            DiskLog log = await Write(database, synchronous, shim, folder.In($"log-{run}"));
            Random random = new(seed);
            for (int i = 0; i < CutsOfARun; i++)
            {
                int cut = i == 0 ? log.Count : random.Next(log.FirstAnswer, log.Count);
                (int seen, int missing) = Check(
                    log,
                    cut,
                    i % 2 == 0 ? null : random,
                    early,
                    database.Path,
                    $"run {run}, cut {i}"
                );
                answered += seen;
                lost += missing;
            }
        }

        return (answered, lost);
    }

    private static async Task<DiskLog> Write(TempDatabase database, string synchronous, string shim, string logPath)
    {
        Dictionary<string, byte[]> before = new() { [database.Path] = await File.ReadAllBytesAsync(database.Path) };
        using (
            WriterProcess writer = new(
                synchronous,
                database.Path,
                ("LD_PRELOAD", shim),
                ("POWERCUT_FOLDER", Path.GetDirectoryName(database.Path)!),
                ("POWERCUT_LOG", logPath)
            )
        )
        {
            Assert.Equal("ready", await writer.ReadLine());
            await Limit.Until(() =>
                File.Exists(database.In("answered")) && new FileInfo(database.In("answered")).Length > 8 * 400
            );
            await Task.Delay(Random.Shared.Next(50, 400));
            await writer.Kill();
        }

        return new DiskLog(await File.ReadAllBytesAsync(logPath), before);
    }

    private static (int Answered, int Lost) Check(
        DiskLog log,
        int cut,
        Random? random,
        bool early,
        string original,
        string what
    )
    {
        using TempDatabase copy = new();
        foreach ((string name, byte[] content) in log.FilesAt(cut, random, early))
        {
            // The folder is synced as well.
            if (!name.StartsWith(original, StringComparison.Ordinal))
            {
                continue;
            }

            File.WriteAllBytes(copy.Path + name[original.Length..], content);
        }

        List<long> answered = log.Answered(cut);
        using SqliteConnection connection = copy.OpenDirectly();
        HashSet<long> stored;
        try
        {
            stored = Stored(connection);
        }
        catch (SqliteException exception) when (early && exception.SqliteErrorCode == SQLitePCL.raw.SQLITE_CORRUPT)
        {
            // A checkpoint that came before its log can tear the database itself.
            return (answered.Count, answered.Count);
        }

        if (!early)
        {
            Assert.True(connection.Ask("PRAGMA integrity_check") == "ok", what);
            Assert.True(
                connection.Ask("select count(*) from (select 1 from t group by tx having count(*) <> max(parts))")
                    == "0",
                what
            );
        }

        return (answered.Count, answered.Count(tx => !stored.Contains(tx)));
    }

    private static HashSet<long> Stored(SqliteConnection connection)
    {
        HashSet<long> stored = [];
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "select distinct tx from t";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            stored.Add(reader.GetInt64(0));
        }

        return stored;
    }

    private static string Compile(string library)
    {
        Assert.SkipUnless(
            PreloadedLibrary.TryCompile("powercut.c", library),
            "There is no C compiler (cc), or no LD_PRELOAD, to intercept calls by."
        );
        return library;
    }
}
