using Microsoft.Coyote.Random;

namespace Pool.Sqlite.Interleavings.Controlled;

/// <summary>In place of <see cref="System.Threading.ThreadPool"/>: busy or not, as Coyote chooses.</summary>
internal static class ControlledThreadPool
{
    public static long PendingWorkItemCount => Generator.Create().NextInteger(2);
}
