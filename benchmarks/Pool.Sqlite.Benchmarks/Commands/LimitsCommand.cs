using System.CommandLine;
using System.Globalization;
using Pool.Sqlite.Chaos;

namespace Pool.Sqlite.Benchmarks.Commands;

/// <summary>Very many of everything.</summary>
internal static class LimitsCommand
{
    public static Command Create()
    {
        Option<double?> rents = NumberOption.Create(
            "--rents",
            "N",
            "How many rents; ten million unless given.",
            1,
            int.MaxValue,
            NumberStyles.None
        );
        Option<double?> texts = NumberOption.Create(
            "--texts",
            "N",
            "How many different texts; a million unless given.",
            1,
            1_000_000_000,
            NumberStyles.None
        );
        Option<double?> pools = NumberOption.Create(
            "--pools",
            "N",
            "How many pools are made and forgotten; 10,000 unless given.",
            1,
            int.MaxValue,
            NumberStyles.None
        );
        Command command = new("limits", "Very many rents, texts and pools; fails when memory or descriptors grow.")
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
}
