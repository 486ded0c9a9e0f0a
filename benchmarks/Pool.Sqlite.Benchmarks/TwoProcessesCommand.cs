using System.CommandLine;
using Pool.Sqlite.Benchmarks.Reporting;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks;

/// <summary>The command that lets two processes write to one database and counts whether an update was
/// lost.</summary>
internal static class TwoProcessesCommand
{
    // The second process is started with these; people have no use for them.
    private static readonly Option<string?> Join = new(TwoProcesses.JoinOption) { Hidden = true };

    private static readonly Option<int> Times = new(TwoProcesses.TimesOption)
    {
        Hidden = true,
        DefaultValueFactory = _ => TwoProcesses.Times,
    };

    public static Command Create()
    {
        var command = new Command(
            TwoProcesses.Command,
            "Lets two processes increment one counter 1,000 times each; fails unless it ends at exactly 2,000.")
        {
            Join, Times,
        };
        command.SetAction(Execute);
        return command;
    }

    private static int Execute(ParseResult options)
    {
        Engine.Load();
        var times = options.GetValue(Times);
        if (options.GetValue(Join) is { } file)
        {
            return TwoProcesses.Join(file, times);
        }

        using var interruption = new Interruption();
        using var databases = new SampleDatabase(rows: 1);
        var result = TwoProcesses.Run(databases, times, interruption.Token);
        CrowdReport.Write(ConsoleReport.Create(), result);
        return result.Correct ? 0 : 1;
    }
}
