using System.Reflection;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Tests.Execution;

public sealed class ExecutionInterruptTests
{
    /// <summary>Some hours of short statements, on a connection that does not age.</summary>
    [Fact]
    public void After_more_executions_than_an_int_can_count_one_can_still_be_stopped()
    {
        ExecutionInterrupt signal = new();
        typeof(ExecutionInterrupt)
            .GetField("_last", BindingFlags.Instance | BindingFlags.NonPublic)!
            .SetValue(signal, int.MaxValue);
        long execution = signal.NewExecution();
        Assert.False(signal.WasStopped(execution));
        signal.Stop(execution);
        Assert.True(signal.WasStopped(execution));
    }
}
