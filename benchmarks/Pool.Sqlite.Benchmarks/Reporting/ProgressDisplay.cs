using Spectre.Console;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>Says what is being measured. It draws between measurements only: a thread that keeps a bar moving would be
/// measured too.</summary>
internal static class ProgressDisplay
{
    /// <summary>Runs <paramref name="steps"/> in order, with a bar on a terminal and a line a step elsewhere.</summary>
    public static void Run(IAnsiConsole console, IReadOnlyList<(string Name, Action Action)> steps)
    {
        if (!console.Profile.Capabilities.Interactive || Console.IsOutputRedirected)
        {
            for (var i = 0; i < steps.Count; i++)
            {
                console.WriteLine($"[{i + 1}/{steps.Count}] {steps[i].Name}");
                steps[i].Action();
            }

            console.WriteLine();
            return;
        }

        console.Progress().AutoRefresh(false).AutoClear(true).Columns(
            new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn()).Start(context =>
        {
            var bar = context.AddTask("starting", maxValue: steps.Count);
            foreach (var (name, action) in steps)
            {
                bar.Description = Markup.Escape(name);
                context.Refresh();
                action();
                bar.Increment(1);
            }

            context.Refresh();
        });
    }
}
