using System.CommandLine;
using System.Globalization;
using Pool.Sqlite.Chaos;

namespace Pool.Sqlite.Benchmarks.Commands;

/// <summary>The chaos run.</summary>
internal static class ChaosCommand
{
    public static Command Create()
    {
        Option<double?> seconds = NumberOption.Create(
            "--seconds",
            "S",
            "For how long; 20 unless given.",
            0.05,
            CommandLine.MostSeconds,
            NumberStyles.AllowDecimalPoint
        );
        Option<double?> seed = NumberOption.Create(
            "--seed",
            "N",
            "Decides settings and actions; 1 unless given.",
            0,
            int.MaxValue,
            NumberStyles.None
        );
        Option<SynchronousMode?> synchronous = new("--synchronous")
        {
            Description = "The setting of every pool; each has its own unless given.",
            HelpName = "MODE",
        };
        Option<bool> diskFaults = new("--disk-faults")
        {
            Description = "The disk fails under every pool, not under some.",
        };
        Command command = new(
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
}
