using Microsoft.Coyote.Random;

namespace Pool.Sqlite.Interleavings.Controlled;

/// <summary>In place of <see cref="System.Random"/>.</summary>
internal sealed class ControlledRandom
{
    public static ControlledRandom Shared { get; } = new();

    public double NextDouble() => Generator.Create().NextInteger(8) / 8.0;
}
