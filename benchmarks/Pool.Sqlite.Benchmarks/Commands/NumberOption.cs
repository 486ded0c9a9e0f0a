using System.CommandLine;
using System.Globalization;

namespace Pool.Sqlite.Benchmarks.Commands;

/// <summary>An option that takes a number within bounds.</summary>
internal static class NumberOption
{
    public static Option<double?> Create(
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
