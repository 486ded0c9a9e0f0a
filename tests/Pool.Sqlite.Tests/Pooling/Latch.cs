using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>A place at which the code under test stops until the test lets it go on.</summary>
internal sealed class Latch
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when somebody has come to the latch.</summary>
    public Task Reached => _reached.Task.Limited();

    /// <summary>Blocks until the test opens the latch.</summary>
    public void Pass()
    {
        _reached.TrySetResult();
        Assert.True(_opened.Task.Wait(Limit.Length), "The latch was not opened in time.");
    }

    /// <summary>Lets those through who stand at the latch, and those who come.</summary>
    public void Open() => _opened.TrySetResult();
}
