using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Reliability;

/// <summary>Several processes on one file.</summary>
public sealed class ProcessesTests(ITestOutputHelper output) : IDisposable
{
    private readonly TempDatabase _database = new();

    [Fact]
    public async Task Ten_that_open_one_new_file_at_once_all_write_to_it()
    {
        WriterProcess[] processes = [.. Enumerable.Range(0, 10).Select(static _ => new WriterProcess(["open"]))];
        try
        {
            foreach (WriterProcess process in processes)
            {
                Assert.Equal("ready", await process.ReadLine());
            }

            for (int file = 0; file < 20; file++)
            {
                string path = _database.In($"new-{file}.db");
                Array.ForEach(processes, process => process.WriteLine(path));
                foreach (WriterProcess process in processes)
                {
                    Assert.Equal("ok", await process.ReadLine());
                }

                using SqliteConnection direct = new($"Data Source={path};Pooling=False");
                direct.Open();
                Assert.Equal("10", direct.Ask("select count(*) from t"));
            }
        }
        finally
        {
            Array.ForEach(processes, static process => process.Dispose());
        }
    }

    [Fact]
    public async Task Four_that_write_and_read_and_are_killed_leave_exact_sums()
    {
        CreateSum();
        Dictionary<string, int> acknowledged = [];
        Dictionary<string, WriterProcess> running = [];
        try
        {
            for (int i = 0; i < 4; i++)
            {
                Start($"{i}", running);
            }

            for (int kill = 0; kill < 4; kill++)
            {
                string victim = running.Keys.Order(StringComparer.Ordinal).First();
                WriterProcess process = running[victim];
                Assert.Equal("ready", await process.ReadLine());
                string? last = null;
                for (int line = 0; line < 20; line++)
                {
                    last = await process.ReadLine();
                    Assert.Equal($"{line + 1}", last);
                }

                string rest = await process.Kill();
                acknowledged[victim] = Last(rest) ?? int.Parse(last!, CultureInfo.InvariantCulture);
                running.Remove(victim);
                process.Dispose();
                Start($"{4 + kill}", running);
            }

            foreach ((string name, WriterProcess process) in running)
            {
                string rest = await process.StopAndRead();
                acknowledged[name] = Last(rest) ?? 0;
            }
        }
        finally
        {
            Array.ForEach([.. running.Values], static process => process.Dispose());
        }

        using SqliteConnection direct = _database.OpenDirectly();
        Assert.Equal("ok", direct.Ask("pragma integrity_check"));
        Assert.Equal(direct.Ask("select count(*) from added"), direct.Ask("select n from sum"));
        Assert.Equal(
            "0",
            direct.Ask("select count(*) from (select 1 from added group by name having count(*) <> max(i))")
        );
        foreach ((string name, int count) in acknowledged)
        {
            // One more may have been stored and not said, by one that was killed.
            int stored = int.Parse(
                direct.Ask($"select count(*) from added where name = '{name}'")!,
                CultureInfo.InvariantCulture
            );
            Assert.InRange(stored, count, count + 1);
        }

        output.WriteLine(string.Join(", ", acknowledged));
    }

    [Fact]
    public async Task Two_that_write_all_the_time_both_get_their_turn()
    {
        CreateSum();
        using WriterProcess one = new(["add", _database.Path, "one"]);
        using WriterProcess two = new(["add", _database.Path, "two"]);
        Assert.Equal("ready", await one.ReadLine());
        Assert.Equal("ready", await two.ReadLine());
        using SqliteConnection direct = _database.OpenDirectly();
        await Limit.Until(() => direct.Ask("select count(*) > 600 and count(distinct name) = 2 from added") == "1");

        string[] ends = await Task.WhenAll(one.StopAndRead(), two.StopAndRead());

        int[] counts = [.. ends.Select(static end => Last(end) ?? 0)];
        output.WriteLine(
            $"{counts[0]} and {counts[1]} writes: a factor of {(double)counts.Max() / Math.Max(1, counts.Min()):0.0}"
        );
        Assert.All(counts, static count => Assert.True(count > 0));
    }

    public void Dispose() => _database.Dispose();

    private void CreateSum()
    {
        using SqliteConnection direct = _database.OpenDirectly();
        direct.Run(
            "pragma journal_mode=wal; create table added(name, i, primary key(name, i)); create table sum(n); insert into sum values (0)"
        );
    }

    private void Start(string name, Dictionary<string, WriterProcess> running) =>
        running[name] = new WriterProcess(["add", _database.Path, name]);

    private static int? Last(string said)
    {
        Assert.DoesNotContain("torn", said, StringComparison.Ordinal);
        string[] numbers =
        [
            .. said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Where(static line => line != "ready"),
        ];
        return numbers.Length == 0 ? null : int.Parse(numbers[^1], CultureInfo.InvariantCulture);
    }
}
