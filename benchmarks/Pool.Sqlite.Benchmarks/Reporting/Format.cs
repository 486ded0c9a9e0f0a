using System.Globalization;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>Numbers as people read them: three figures and a unit.</summary>
internal static class Format
{
    public static string Value(Figure figure, double? found) =>
        (figure, found) switch
        {
            (_, null) => "-",
            (Figure.Rate, { } value) => Count(value) + "/s",
            (Figure.Bytes, { } value) => Count(value) + " B",
            (_, { } value) => Time(value),
        };

    public static string Time(double nanoseconds) =>
        nanoseconds switch
        {
            <= 0 => "-",
            < 999.5 => Figures(nanoseconds) + " ns",
            < 999_500 => Figures(nanoseconds / 1e3) + " µs",
            < 999_500_000 => Figures(nanoseconds / 1e6) + " ms",
            _ => Figures(nanoseconds / 1e9) + " s",
        };

    public static string Count(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Small ones as fractions: 1/50 says more than 0.02.</summary>
    public static string Ratio(double? value) =>
        value switch
        {
            null => "-",
            > 0 and < 0.1 => "1/" + Count(1 / value.Value),
            _ => Figures(value.Value),
        };

    private static string Figures(double value) =>
        value.ToString(
            value < 9.995 ? "0.00"
                : value < 99.95 ? "0.0"
                : "#,0",
            CultureInfo.InvariantCulture
        );
}
