namespace Pool.Sqlite.Interleavings;

/// <summary>One meeting of a few tasks, and what must hold during it and afterwards.</summary>
/// <param name="Name">By which it is chosen.</param>
/// <param name="Run">Runs it once; everything it uses is made by it.</param>
internal sealed record Scenario(string Name, Func<Task> Run);
