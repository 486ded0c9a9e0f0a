using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Tests.Support;

/// <summary>To be awaited: what follows runs on a thread that did not run before, in the same flow.</summary>
internal readonly struct NewThread : INotifyCompletion
{
    public bool IsCompleted => false;

    public NewThread GetAwaiter() => this;

    public void OnCompleted(Action continuation) => new Thread(() => continuation()).Start();

    public void GetResult() { }
}
