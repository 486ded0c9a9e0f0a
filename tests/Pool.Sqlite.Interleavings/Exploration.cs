using System.Diagnostics;
using System.Globalization;
using Microsoft.Coyote;
using Microsoft.Coyote.Logging;
using Microsoft.Coyote.SystematicTesting;
using Pool.Sqlite.Interleavings.Scenarios;

namespace Pool.Sqlite.Interleavings;

/// <summary>Runs each scenario in many orders of its steps: <c>[schedules] [seed] [part of a name]</c>.</summary>
internal static class Exploration
{
    // Coyote sees at once that no task can go on. This is for what it does not see, and must not be met by a machine
    // that does not run the one task that can.
    private const uint DeadlockMilliseconds = 120_000;

    private static readonly Scenario[] Scenarios =
    [
        .. PoolScenarios.All,
        .. BudgetScenarios.All,
        .. GateScenarios.All,
        .. GroupCommitScenarios.All,
    ];

    /// <returns>How many scenarios have failed.</returns>
    public static int Run(string[] args)
    {
        uint schedules = args.Length > 0 ? uint.Parse(args[0], CultureInfo.InvariantCulture) : 250;
        uint seed = args.Length > 1 ? uint.Parse(args[1], CultureInfo.InvariantCulture) : 1;
        string name = args.Length > 2 ? args[2] : "";
        return Scenarios.Count(scenario =>
            scenario.Name.Contains(name, StringComparison.Ordinal) && !Explore(scenario, schedules, seed)
        );
    }

    private static bool Explore(Scenario scenario, uint schedules, uint seed)
    {
        long start = Stopwatch.GetTimestamp();
        Configuration configuration = Configuration
            .Create()
            .WithTestingIterations(schedules)
            .WithRandomGeneratorSeed(seed)
            .WithMemoryAccessRaceCheckingEnabled(true)
            .WithDeadlockTimeout(DeadlockMilliseconds)
            .WithSystematicFuzzingFallbackEnabled(false)
            .WithVerbosityEnabled(VerbosityLevel.None)
            .WithTelemetryEnabled(false);
        using TestingEngine engine = TestingEngine.Create(configuration, scenario.Run);

        // It says how far it is, whatever its verbosity.
        TextWriter console = Console.Out;
        Console.SetOut(TextWriter.Null);
        engine.Run();
        Console.SetOut(console);
        TestReport report = engine.TestReport;
        int explored = report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths;
        Console.WriteLine(
            $"{scenario.Name, -24} {explored, 6} schedules, {report.TotalExploredFairSteps / Math.Max(1, explored), 5} decisions each, "
                + $"{Stopwatch.GetElapsedTime(start).TotalSeconds, 5:0.0} s{(report.UncontrolledInvocations.Count == 0 ? "" : ", not controlled: " + string.Join(' ', report.UncontrolledInvocations))}"
        );
        if (report.NumOfFoundBugs == 0 && report.InternalErrors.Count == 0)
        {
            return true;
        }

        Console.WriteLine($"FAILED with seed {seed}:");
        foreach (string text in report.BugReports.Concat(report.InternalErrors))
        {
            Console.WriteLine(text);
        }

        return false;
    }
}
