using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pool.Sqlite.Tests.Support;

/// <summary>
/// Another process, made by the project Pool.Sqlite.Tests.Writer, that ends at the latest with this object.
/// </summary>
internal sealed class WriterProcess : IDisposable
{
    private readonly Process _process;

    public WriterProcess(string what, string database, params (string Name, string Value)[] environment)
        : this([what, database], environment) { }

    public WriterProcess(string[] arguments, params (string Name, string Value)[] environment)
    {
        // The host that runs the tests, wherever it is installed and however they were started.
        string host = Path.Combine(
            RuntimeEnvironment.GetRuntimeDirectory(),
            "..",
            "..",
            "..",
            OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"
        );
        ProcessStartInfo start = new(Path.GetFullPath(host))
        {
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "Pool.Sqlite.Tests.Writer.dll") },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        Array.ForEach(arguments, start.ArgumentList.Add);

        // A limit on the size of files must not reach the runtime's own, which it maps to write code to.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
    }

    /// <summary>What it says next; null when it has ended.</summary>
    public Task<string?> ReadLine() => _process.StandardOutput.ReadLineAsync().Limited();

    /// <summary>All that it still says until it ends, and its exit code.</summary>
    public async Task<(string Output, int ExitCode)> RunToEnd(TimeSpan limit)
    {
        string output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(limit);
        await _process.WaitForExitAsync().Limited();
        return (output, _process.ExitCode);
    }

    public void WriteLine(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>Ends it in the middle of whatever it does, as <c>kill -9</c>; answers what it had still said.</summary>
    public async Task<string> Kill()
    {
        _process.Kill();
        string rest = await _process.StandardOutput.ReadToEndAsync().Limited();
        await _process.WaitForExitAsync().Limited();
        return rest;
    }

    /// <summary>Ends it in its own time, and answers what it had still said.</summary>
    public async Task<string> StopAndRead()
    {
        _process.StandardInput.Close();
        return (await RunToEnd(Limit.Length)).Output;
    }

    public async Task<int> End()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().Limited();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
