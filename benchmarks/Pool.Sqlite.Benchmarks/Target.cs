using System.Globalization;

namespace Pool.Sqlite.Benchmarks;

/// <summary>One figure that the project has set itself.</summary>
/// <param name="Met">Null when it could not be measured.</param>
internal sealed record Target(string What, double? Measured, string Unit, bool AtMost, double Limit)
{
    public bool? Met => Measured is { } value ? (AtMost ? value <= Limit : value >= Limit) : null;

    public string MeasuredText => Measured is { } value ? Format(value) : "not measured";

    public string LimitText => (AtMost ? "≤ " : "≥ ") + Format(Limit);

    private string Format(double value) => Unit switch
    {
        "x" when value is > 0 and < 0.1 => value.ToString("0.000", CultureInfo.InvariantCulture) + "x",
        "x" => value.ToString("0.00", CultureInfo.InvariantCulture) + "x",
        "" => value.ToString("#,0", CultureInfo.InvariantCulture),
        _ => value.ToString("#,0", CultureInfo.InvariantCulture) + " " + Unit,
    };
}
