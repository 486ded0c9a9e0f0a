using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>This process and a second one of the same program increment one counter in one database. The write gate
/// ends at the process; between the two it is SQLite's lock that must lose no update.</summary>
internal static class TwoProcesses
{
    public const string Command = "two-processes";
    public const string JoinOption = "--join";
    public const string TimesOption = "--times";
    public const int Times = 1_000;

    private const string Ready = "ready";
    private const string Go = "go";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The first process: makes the second, does its own half and counts.</summary>
    public static CaseResult Run(Runner runner)
    {
        string connectionString = runner.Databases.CopyEmpty();
        try
        {
            int times = runner.Effort.Scale(Times, atLeast: 100);
            (double seconds, IncrementsResult[]? results) = RunAsync(connectionString, times, runner.Stop)
                .GetAwaiter()
                .GetResult();
            long final = SampleDatabase.Scalar(connectionString, "select n from counter");
            return Report(2L * times, final, seconds, results);
        }
        finally
        {
            SampleDatabase.Delete(connectionString);
        }
    }

    /// <summary>The second process: says when it is ready, waits for the start, and answers with its result.</summary>
    public static int Join(string file, int times)
    {
        using Increments increments = new(new SqliteConnectionStringBuilder { DataSource = file }.ToString());
        Console.WriteLine(Ready);
        if (Console.ReadLine() != Go)
        {
            return 1;
        }

        Console.WriteLine(JsonSerializer.Serialize(increments.RunAsync(times).GetAwaiter().GetResult()));
        return 0;
    }

    private static async Task<(double Seconds, IncrementsResult[] Results)> RunAsync(
        string connectionString,
        int times,
        CancellationToken stop
    )
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        using Process other = OwnProgram.Start(
            Command,
            JoinOption,
            new SqliteConnectionStringBuilder(connectionString).DataSource,
            TimesOption,
            times.ToString(CultureInfo.InvariantCulture)
        );
        try
        {
            Task<string> errors = other.StandardError.ReadToEndAsync(patience.Token);
            double seconds;
            IncrementsResult[] results;
            using (Increments increments = new(connectionString))
            {
                if (await other.StandardOutput.ReadLineAsync(patience.Token).ConfigureAwait(false) != Ready)
                {
                    throw new IOException("The second process did not start: " + await errors.ConfigureAwait(false));
                }

                Stopwatch clock = Stopwatch.StartNew();
                await other.StandardInput.WriteLineAsync(Go).ConfigureAwait(false);
                Task<IncrementsResult> own = increments.RunAsync(times);
                string answer =
                    await other.StandardOutput.ReadLineAsync(patience.Token).ConfigureAwait(false)
                    ?? throw new IOException("The second process gave nothing: " + await errors.ConfigureAwait(false));
                results = [await own.ConfigureAwait(false), JsonSerializer.Deserialize<IncrementsResult>(answer)!];
                seconds = clock.Elapsed.TotalSeconds;
            }

            await other.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            return (seconds, results);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new TimeoutException($"The second process was not done within {Patience.TotalSeconds:0} s.");
        }
        finally
        {
            if (!other.HasExited)
            {
                other.Kill();
            }
        }
    }

    private static CaseResult Report(long expected, long final, double seconds, IncrementsResult[] results)
    {
        IEnumerable<string> errors = results.Select(result => result.FirstError).OfType<string>();
        return new CaseResult(
            Command,
            [],
            [
                new("processes", "two processes increment one counter", Format.Count(expected / seconds) + "/s"),
                new(
                    "processes",
                    "  updates lost",
                    Format.Count(expected - final),
                    Ratio: expected - final,
                    Reach: "0",
                    Met: expected == final
                ),
                new("processes", "  worst wait", Format.Time(results.Max(result => result.Worst) * 1e6)),
            ],
            [
                .. errors.Select(error => "two processes: " + error),
                .. expected == final ? (string[])[] : [$"two processes: the counter is {final} instead of {expected}"],
            ]
        );
    }
}
