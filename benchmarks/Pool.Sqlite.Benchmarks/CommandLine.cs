using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks;

/// <summary>The options of the program, and what to say when they are wrong.</summary>
internal static class CommandLine
{
    public const int MostThreads = 256;
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

    private static readonly Option<int?> Threads = new("--threads")
    {
        Description = "With --database: the number of threads. Without it both 1 and 8 are measured.",
        HelpName = "N",
        CustomParser = ParseThreads,
    };

    private static readonly Option<double?> Seconds = new("--seconds")
    {
        Description = "With --database: seconds of measuring for each contender and number of threads, 2 unless given.",
        HelpName = "S",
        CustomParser = ParseSeconds,
    };

    private static readonly Option<bool> Smoke = new("--smoke", "--quick")
    {
        Description = "The whole comparison in about half a minute, to see that it runs. Its figures are not for quoting.",
    };

    private static readonly Option<string> Output = new("--output")
    {
        Description = "Where the JSON and the chart go.",
        HelpName = "DIRECTORY",
        DefaultValueFactory = _ => "artifacts",
    };

    public static int Run(string[] args)
    {
        var root = new RootCommand(
            "Compares Pool.Sqlite with opening connections and with the driver's own pool. "
            + "Without arguments: the whole comparison, in little more than a minute.")
        {
            Database, Query, Threads, Seconds, Smoke, Output,
            new Command(
                "bench",
                "Runs the BenchmarkDotNet suites; all that follows is for BenchmarkDotNet, such as --filter '*'."),
            TwoProcessesCommand.Create(),
        };
        root.SetAction(Execute);
        var result = root.Parse(args);
        if (result.Errors.Count > 0)
        {
            throw new UsageException(result.Errors[0].Message + " See --help.");
        }

        // Errors reach Program, which knows how to say them in one line.
        return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static int Execute(ParseResult options)
    {
        var database = options.GetValue(Database);
        var query = options.GetValue(Query);
        var threads = options.GetValue(Threads);
        var seconds = options.GetValue(Seconds);
        var output = options.GetValue(Output)!;
        Check(database, query, threads is not null || seconds is not null, options.GetValue(Smoke));

        Engine.Load();
        Artifacts.Prepare(output);
        using var interruption = new Interruption();
        if (database is null)
        {
            return Comparison.Run(options.GetValue(Smoke) ? Plan.Smoke : Plan.Full, output, interruption.Token);
        }

        int[] threadCounts = threads is { } given ? [given] : [1, ComparisonCases.ManyThreads];
        return AnyDatabase.Run(database, query!, threadCounts, seconds ?? 2, output, interruption.Token);
    }

    private static void Check(string? database, string? query, bool hasLimits, bool smoke)
    {
        if (database is null && query is not null)
        {
            throw new UsageException("--query needs a file to run on: add --database FILE.");
        }

        if (database is not null && query is null)
        {
            throw new UsageException("--database needs a query to measure: add --query \"select ...\".");
        }

        if (database is null && hasLimits)
        {
            throw new UsageException(
                "--threads and --seconds go with --database FILE --query SQL; the built-in comparison has its own.");
        }

        if (database is not null && smoke)
        {
            throw new UsageException(
                "--smoke is for the built-in comparison; with --database write --seconds 0.1 for a short run.");
        }
    }

    private static int? ParseThreads(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var threads)
            && threads is >= 1 and <= MostThreads)
        {
            return threads;
        }

        argument.AddError(
            $"--threads '{text}' is not a number of threads: write a whole number from 1 to {MostThreads}, such as --threads 8.");
        return null;
    }

    private static double? ParseSeconds(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0.05 and <= MostSeconds)
        {
            return seconds;
        }

        argument.AddError(
            $"--seconds '{text}' is not a time: write seconds from 0.05 to {MostSeconds}, such as --seconds 2.5.");
        return null;
    }
}
