namespace Pool.Sqlite.Chaos;

/// <summary>Thrown by hooks and work, to see where it ends.</summary>
internal sealed class ChaosException : Exception
{
    public ChaosException()
        : base("Thrown on purpose.") { }
}
