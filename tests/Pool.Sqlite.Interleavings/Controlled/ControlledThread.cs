using Microsoft.Coyote.Random;
using Microsoft.Coyote.Runtime;

namespace Pool.Sqlite.Interleavings.Controlled;

/// <summary>In place of <see cref="System.Threading.Thread"/>: its processor is one of two, as Coyote chooses.</summary>
internal sealed class ControlledThread(Action run)
{
    public bool IsBackground { get; set; }

    public string? Name { get; set; }

    /// <summary>A thread of the thread pool, on which all tasks of a scenario run.</summary>
    public static System.Threading.Thread CurrentThread => System.Threading.Thread.CurrentThread;

    public static int GetCurrentProcessorId() => Generator.Create().NextInteger(ControlledEnvironment.ProcessorCount);

    /// <summary>Lets others go on, as Coyote chooses; no time passes.</summary>
    public static void Sleep(TimeSpan _) => SchedulingPoint.Interleave();

    public static void SpinWait(int iterations) => System.Threading.Thread.SpinWait(iterations);

    /// <summary>What was started since this was emptied.</summary>
    public static List<Task> Started { get; } = [];

    // A task is as good as a thread where Coyote says which goes on, and can be waited for by the scenario.
    public void UnsafeStart() => Started.Add(Task.Run(run));
}
