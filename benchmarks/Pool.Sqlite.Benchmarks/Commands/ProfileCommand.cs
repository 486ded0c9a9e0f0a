using System.CommandLine;
using System.Globalization;
using Pool.Sqlite.Benchmarks.Cases;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Commands;

/// <summary>One case, run for some seconds for a profiler.</summary>
internal static class ProfileCommand
{
    public static Command Create()
    {
        Argument<string> name = new("CASE") { Description = "Such as writers-16, rent-1, point, rows." };
        Option<Role> role = new("--of") { Description = "Which contestant.", HelpName = "ROLE" };
        Option<double?> seconds = NumberOption.Create(
            "--seconds",
            "S",
            "For how long; 10 unless given.",
            0.05,
            CommandLine.MostSeconds,
            NumberStyles.AllowDecimalPoint
        );
        Command command = new("profile", "Runs one case of this pool for some seconds, for a profiler to watch.")
        {
            name,
            role,
            seconds,
        };
        command.SetAction(options =>
        {
            Contest contest = Catalogue.Find(options.GetValue(name)!);
            Engine.Load();
            using Interruption interruption = new();
            return Comparison.Profile(
                contest,
                options.GetValue(role),
                options.GetValue(seconds) ?? 10,
                interruption.Token
            );
        });
        return command;
    }
}
