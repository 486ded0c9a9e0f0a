namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>A row of the table <c>log</c>.</summary>
internal sealed class Entry
{
    public long Id { get; set; }

    public string? K { get; set; }

    public string? V { get; set; }
}
