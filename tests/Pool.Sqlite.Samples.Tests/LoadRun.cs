namespace Pool.Sqlite.Samples.Tests;

/// <summary>One run of the service's load scenarios.</summary>
public sealed class LoadRun : IAsyncLifetime
{
    public string Output { get; private set; } = "";

    public int ExitCode { get; private set; }

    public async ValueTask InitializeAsync()
    {
        await using SampleProcess sample = SampleProcess.Start("Service", ["load"]);
        ExitCode = await sample.WaitForExit();
        Output = sample.Output;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
