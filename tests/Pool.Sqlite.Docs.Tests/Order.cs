namespace Pool.Sqlite.Docs.Tests;

/// <summary>The entity of the examples.</summary>
public sealed class Order
{
    public int Id { get; set; }
}
