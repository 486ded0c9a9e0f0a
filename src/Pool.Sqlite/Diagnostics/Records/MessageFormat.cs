using System.Globalization;

namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>Figures as sentences have them.</summary>
internal static class MessageFormat
{
    public static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static string Time(TimeSpan time) =>
        time.TotalSeconds >= 120 ? Of($"{time.TotalMinutes:0.#} min")
        : time.TotalSeconds >= 1 ? Of($"{time.TotalSeconds:0.#} s")
        : Of($"{time.TotalMilliseconds:0.#} ms");

    /// <summary>Seconds to the millisecond.</summary>
    public static string Seconds(TimeSpan time) => Of($"{time.TotalSeconds:0.###} s");

    public static string Bytes(long bytes) => Of($"{bytes / 1048576.0:0.#} MiB");

    /// <summary>A number with its noun: "1 rent", "2 rents".</summary>
    public static string Count(long count, string one, string? many = null) =>
        Of($"{count} {(count == 1 ? one : many ?? one + "s")}");

    public static string Percent(double share) => Of($"{share * 100:0.#} %");

    /// <summary>A lease: name, what it is, how long it is out, and where it was rented.</summary>
    public static string Lease(SqlitePoolLease lease) =>
        $"lease {lease.Name} ({lease.Role}{(lease.HoldsWriteGate ? ", holds the write gate" : "")}), out for {Time(lease.Age)}{Site(lease.RentSite)}";

    public static string Site(string? site) =>
        site is null ? ", rented where CaptureRentSite = true would show" : $", rented at{Environment.NewLine}{site}";
}
