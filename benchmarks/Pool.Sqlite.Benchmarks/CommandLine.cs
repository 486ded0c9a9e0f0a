using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pool.Sqlite.Benchmarks.Cases;
using Pool.Sqlite.Benchmarks.Commands;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;

namespace Pool.Sqlite.Benchmarks;

/// <summary>The options of the program, and what to say when they are wrong.</summary>
internal static class CommandLine
{
    private const string Title = "Pool.Sqlite against the driver's own pool, against none, and against the floors";
    private const int MostThreads = 256;
    public const double MostSeconds = 3_600;

    private static readonly Option<string?> Database = new("--database")
    {
        Description = "Measure this SQLite file, which is opened read-only, instead of the built-in comparison.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Query = new("--query")
    {
        Description = "The query to measure on --database: one statement that reads.",
        HelpName = "SQL",
    };

    private static readonly Option<double?> Threads = NumberOption.Create(
        "--threads",
        "N",
        "With --database: the number of threads. Without it both 1 and 8 are measured.",
        1,
        MostThreads,
        NumberStyles.None
    );

    private static readonly Option<double?> Seconds = NumberOption.Create(
        "--seconds",
        "S",
        "Seconds for each contender of --database (2 unless given), or of profiling (10).",
        0.05,
        MostSeconds,
        NumberStyles.AllowDecimalPoint
    );

    private static readonly Option<string[]> Only = new("--only")
    {
        Description =
            "Suites or cases to measure, with commas between them: "
            + string.Join(", ", Catalogue.Suites.Select(suite => suite.Suite))
            + ".",
        HelpName = "SUITES",
        CustomParser = result =>
            result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
    };

    private static readonly Option<bool> Smoke = new("--smoke", "--quick")
    {
        Description = "The whole comparison in half a minute, to see that it runs. Its figures are not for quoting.",
    };

    private static readonly Option<string> Output = new("--output")
    {
        Description = "Where the JSON and the charts go.",
        HelpName = "DIRECTORY",
        DefaultValueFactory = _ => "artifacts",
    };

    public static int Run(string[] args)
    {
        RootCommand root = new(
            "Compares Pool.Sqlite with opening connections and with the driver's own pool. "
                + "Without arguments: the whole comparison, in about six minutes."
        )
        {
            Database,
            Query,
            Threads,
            Seconds,
            Only,
            Smoke,
            Output,
            new Command(
                "bench",
                "Runs the BenchmarkDotNet suites; all that follows is for BenchmarkDotNet, such as --filter '*'."
            ),
            ProfileCommand.Create(),
            TwoProcessesCommand.Create(Output),
            WebServerCommand.Create(),
            ChaosCommand.Create(),
            LimitsCommand.Create(),
        };
        root.SetAction(Execute);
        ParseResult result = root.Parse(args);
        if (result.Errors.Count > 0)
        {
            throw new UsageException(result.Errors[0].Message + " See --help.");
        }

        // Errors reach Program, which knows how to say them in one line.
        return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static int Execute(ParseResult options)
    {
        string? database = options.GetValue(Database);
        string? query = options.GetValue(Query);
        double? threads = options.GetValue(Threads);
        double? seconds = options.GetValue(Seconds);
        string[] only = options.GetValue(Only) ?? [];
        bool smoke = options.GetValue(Smoke);
        string output = options.GetValue(Output)!;
        Check(database, query, threads is not null || seconds is not null, smoke || only.Length > 0);
        IReadOnlyList<Case> cases = Catalogue.Select(only);

        Engine.Load();
        Artifacts.Prepare(output);
        using Interruption interruption = new();
        if (database is null)
        {
            string name = string.Join('-', ["comparison", .. only, .. smoke ? (string[])["smoke"] : []]);
            return Comparison.Run(Title, cases, smoke ? Effort.Smoke : Effort.Full, output, name, interruption.Token);
        }

        int[] threadCounts = threads is { } given ? [(int)given] : [1, 8];
        return AnyDatabase.Run(database, query!, threadCounts, seconds ?? 2, output, interruption.Token);
    }

    private static void Check(string? database, string? query, bool hasLimits, bool hasSelection)
    {
        string? complaint = (database, query) switch
        {
            (null, not null) => "--query needs a file to run on: add --database FILE.",
            (not null, null) => "--database needs a query to measure: add --query \"select ...\".",
            (null, null) when hasLimits =>
                "--threads and --seconds go with --database FILE --query SQL; the built-in comparison has its own.",
            (not null, _) when hasSelection =>
                "--smoke and --only are for the built-in comparison; with --database, --seconds 0.1 makes a short run.",
            _ => null,
        };
        if (complaint is not null)
        {
            throw new UsageException(complaint);
        }
    }
}
