using System.CommandLine;
using Pool.Sqlite.Benchmarks.Cases;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Commands;

/// <summary>Two processes on one file; also what the second of them runs.</summary>
internal static class TwoProcessesCommand
{
    public static Command Create(Option<string> output)
    {
        // The second process is started with these; people have no use for them.
        Option<string?> join = new(TwoProcesses.JoinOption) { Hidden = true };
        Option<int> times = new(TwoProcesses.TimesOption) { Hidden = true };
        Command command = new(
            TwoProcesses.Command,
            "Lets two processes increment one counter 1,000 times each; fails unless it ends at exactly 2,000."
        )
        {
            join,
            times,
            output,
        };
        command.SetAction(options =>
        {
            Engine.Load();
            if (options.GetValue(join) is { } file)
            {
                return TwoProcesses.Join(file, options.GetValue(times));
            }

            using Interruption interruption = new();
            return Comparison.Run(
                "Two processes",
                Catalogue.Select([TwoProcesses.Command]),
                Effort.Full,
                options.GetValue(output)!,
                TwoProcesses.Command,
                interruption.Token
            );
        });
        return command;
    }
}
