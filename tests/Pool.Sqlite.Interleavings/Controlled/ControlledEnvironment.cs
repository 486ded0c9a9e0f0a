using Microsoft.Coyote.Random;

namespace Pool.Sqlite.Interleavings.Controlled;

/// <summary>In place of <see cref="System.Environment"/>: a machine that is the same everywhere.</summary>
internal static class ControlledEnvironment
{
    public static int ProcessorCount => 2;

    /// <summary>Stands still, or is far ahead, as Coyote chooses: only how long something has taken is asked.</summary>
    public static long TickCount64 => Generator.Create().NextInteger(4) == 0 ? 1000 : 0;
}
