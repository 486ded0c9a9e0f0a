namespace Pool.Sqlite.Chaos;

/// <param name="Name">For messages.</param>
/// <param name="Weight">How often it is chosen, in comparison with the others.</param>
/// <param name="Run">What it does. It may throw what the trouble of the round explains.</param>
internal sealed record ChaosAction(string Name, int Weight, Func<Worker, Task> Run);
