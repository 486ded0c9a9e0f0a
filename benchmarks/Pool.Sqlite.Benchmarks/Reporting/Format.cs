using System.Globalization;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>Numbers as people read them: three figures and a unit.</summary>
internal static class Format
{
    public static string Time(double nanoseconds) => nanoseconds switch
    {
        <= 0 => "-",
        < 999.5 => Figures(nanoseconds) + " ns",
        < 999_500 => Figures(nanoseconds / 1e3) + " µs",
        < 999_500_000 => Figures(nanoseconds / 1e6) + " ms",
        _ => Figures(nanoseconds / 1e9) + " s",
    };

    /// <summary>A label for an axis: 10^<paramref name="power"/> ns without needless zeros.</summary>
    public static string PowerOfTen(double power) =>
        Time(Math.Pow(10, power))
            .Replace(".00", "", StringComparison.Ordinal)
            .Replace(".0", "", StringComparison.Ordinal);

    public static string Count(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Times(double? value) => value switch
    {
        null => "-",
        < 0.1 => value.Value.ToString("0.0000", CultureInfo.InvariantCulture) + "x",
        _ => Figures(value.Value) + "x",
    };

    private static string Figures(double value) =>
        value.ToString(value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "#,0", CultureInfo.InvariantCulture);
}
