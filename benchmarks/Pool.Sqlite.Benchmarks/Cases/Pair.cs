namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>A row of the table <c>kv</c>.</summary>
public sealed class Pair
{
    public long Id { get; set; }

    public string? K { get; set; }

    public string? V { get; set; }
}
