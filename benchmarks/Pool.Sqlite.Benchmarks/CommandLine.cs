using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pool.Sqlite.Benchmarks.Cases;
using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Reporting;
using Pool.Sqlite.Chaos;

namespace Pool.Sqlite.Benchmarks;

/// <summary>The options of the program, and what to say when they are wrong.</summary>
internal static class CommandLine
{
    private const string Title = "Pool.Sqlite against the driver's own pool, against none, and against the floors";
    private const int MostThreads = 256;
    private const double MostSeconds = 3_600;

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

    private static readonly Option<double?> Threads = Number(
        "--threads",
        "N",
        "With --database: the number of threads. Without it both 1 and 8 are measured.",
        1,
        MostThreads,
        NumberStyles.None
    );

    private static readonly Option<double?> Seconds = Number(
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
        RootCommand root = new RootCommand(
            "Compares Pool.Sqlite with opening connections and with the driver's own pool. "
                + "Without arguments: the whole comparison, in about three minutes."
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
            Profile(),
            TwoProcessesCommand(),
            WebServerCommand(),
            Chaos(),
            Limits(),
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
        using Interruption interruption = new Interruption();
        if (database is null)
        {
            string name = string.Join('-', ["comparison", .. only, .. smoke ? (string[])["smoke"] : []]);
            return Comparison.Run(Title, cases, smoke ? Effort.Smoke : Effort.Full, output, name, interruption.Token);
        }

        int[] threadCounts = threads is { } given ? [(int)given] : [1, 8];
        return AnyDatabase.Run(database, query!, threadCounts, seconds ?? 2, output, interruption.Token);
    }

    private static Command Profile()
    {
        Argument<string> name = new Argument<string>("CASE")
        {
            Description = "Such as writers-16, rent-1, point, rows.",
        };
        Option<Role> role = new Option<Role>("--of") { Description = "Which contestant.", HelpName = "ROLE" };
        Option<double?> seconds = Number(
            "--seconds",
            "S",
            "For how long; 10 unless given.",
            0.05,
            MostSeconds,
            NumberStyles.AllowDecimalPoint
        );
        Command command = new Command(
            "profile",
            "Runs one case of this pool for some seconds, for a profiler to watch."
        )
        {
            name,
            role,
            seconds,
        };
        command.SetAction(options =>
        {
            Contest contest = Catalogue.Find(options.GetValue(name)!);
            Engine.Load();
            using Interruption interruption = new Interruption();
            return Comparison.Profile(
                contest,
                options.GetValue(role),
                options.GetValue(seconds) ?? 10,
                interruption.Token
            );
        });
        return command;
    }

    private static Command Chaos()
    {
        Option<double?> seconds = Number(
            "--seconds",
            "S",
            "For how long; 20 unless given.",
            0.05,
            MostSeconds,
            NumberStyles.AllowDecimalPoint
        );
        Option<double?> seed = Number(
            "--seed",
            "N",
            "Decides settings and actions; 1 unless given.",
            0,
            int.MaxValue,
            NumberStyles.None
        );
        Option<SynchronousMode?> synchronous = new Option<SynchronousMode?>("--synchronous")
        {
            Description = "The setting of every pool; each has its own unless given.",
            HelpName = "MODE",
        };
        Option<bool> diskFaults = new Option<bool>("--disk-faults")
        {
            Description = "The disk fails under every pool, not under some.",
        };
        Command command = new Command(
            "chaos",
            "Does all that can be done to a pool while what is underneath fails; fails when anything is lost or stuck."
        )
        {
            seconds,
            seed,
            synchronous,
            diskFaults,
        };
        command.SetAction(
            (options, _) =>
            {
                Engine.Load();
                return ChaosProcess.Run(
                    (int)(options.GetValue(seed) ?? 1),
                    TimeSpan.FromSeconds(options.GetValue(seconds) ?? 20),
                    options.GetValue(synchronous),
                    options.GetValue(diskFaults)
                );
            }
        );
        return command;
    }

    private static Command Limits()
    {
        Option<double?> rents = Number(
            "--rents",
            "N",
            "How many rents; ten million unless given.",
            1,
            int.MaxValue,
            NumberStyles.None
        );
        Option<double?> texts = Number(
            "--texts",
            "N",
            "How many different texts; a million unless given.",
            1,
            1_000_000_000,
            NumberStyles.None
        );
        Option<double?> pools = Number(
            "--pools",
            "N",
            "How many pools are made and forgotten; 10,000 unless given.",
            1,
            int.MaxValue,
            NumberStyles.None
        );
        Command command = new Command(
            "limits",
            "Very many rents, texts and pools; fails when memory or descriptors grow."
        )
        {
            rents,
            texts,
            pools,
        };
        command.SetAction(
            async (options, _) =>
            {
                Engine.Load();
                DirectoryInfo folder = Directory.CreateTempSubdirectory("pool-sqlite-limits-");
                try
                {
                    return await new LimitsRun(folder.FullName, Console.Out).Run(
                        (int)(options.GetValue(rents) ?? 10_000_000),
                        (int)(options.GetValue(texts) ?? 1_000_000),
                        (int)(options.GetValue(pools) ?? 10_000)
                    );
                }
                finally
                {
                    folder.Delete(recursive: true);
                }
            }
        );
        return command;
    }

    private static Command TwoProcessesCommand()
    {
        // The second process is started with these; people have no use for them.
        Option<string?> join = new Option<string?>(TwoProcesses.JoinOption) { Hidden = true };
        Option<int> times = new Option<int>(TwoProcesses.TimesOption) { Hidden = true };
        Command command = new Command(
            TwoProcesses.Command,
            "Lets two processes increment one counter 1,000 times each; fails unless it ends at exactly 2,000."
        )
        {
            join,
            times,
            Output,
        };
        command.SetAction(options =>
        {
            Engine.Load();
            if (options.GetValue(join) is { } file)
            {
                return TwoProcesses.Join(file, options.GetValue(times));
            }

            using Interruption interruption = new Interruption();
            return Comparison.Run(
                "Two processes",
                Catalogue.Select([TwoProcesses.Command]),
                Effort.Full,
                options.GetValue(Output)!,
                TwoProcesses.Command,
                interruption.Token
            );
        });
        return command;
    }

    private static Command WebServerCommand()
    {
        // The comparison starts it; people have no use for it.
        Argument<string> file = new Argument<string>("FILE");
        Argument<Role> role = new Argument<Role>("ROLE");
        Command command = new Command(WebServer.Command) { file, role };
        command.Hidden = true;
        command.SetAction(
            (options, _) =>
            {
                Engine.Load();
                return WebServer.Run(options.GetValue(file)!, options.GetValue(role));
            }
        );
        return command;
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

    private static Option<double?> Number(
        string name,
        string helpName,
        string description,
        double least,
        double most,
        NumberStyles style
    ) =>
        new(name)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = argument =>
            {
                string text = argument.Tokens[0].Value;
                if (
                    double.TryParse(text, style, CultureInfo.InvariantCulture, out double value)
                    && value >= least
                    && value <= most
                )
                {
                    return value;
                }

                string whole = style == NumberStyles.None ? "whole " : "";
                argument.AddError(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name} '{text}' is refused: write a {whole}number from {least} to {most}, such as {name} 8."
                    )
                );
                return null;
            },
        };
}
