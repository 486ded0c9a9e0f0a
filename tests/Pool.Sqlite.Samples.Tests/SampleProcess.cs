using System.Diagnostics;
using System.Net;
using System.Text;
using Pool.Sqlite.Tests.Shared;

namespace Pool.Sqlite.Samples.Tests;

/// <summary>A sample that runs as a process of its own, in a folder of its own that is removed afterwards.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;

    private SampleProcess(string name, string[] arguments, (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new("dotnet")
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(AssemblyOf(name));
        Array.ForEach(arguments, start.ArgumentList.Add);
        foreach ((string key, string value) in environment)
        {
            start.Environment[key] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("pool-sqlite-sample-").FullName;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static SampleProcess Start(
        string name,
        string[]? arguments = null,
        params (string Name, string Value)[] environment
    ) => new(name, arguments ?? [], environment);

    /// <summary>A web application, once it listens, on a port of loopback that was free.</summary>
    public static async Task<(SampleProcess Sample, HttpClient Client)> StartWeb(
        string name,
        params (string Name, string Value)[] environment
    )
    {
        SampleProcess sample = new(name, ["--urls", "http://127.0.0.1:0"], environment);
        try
        {
            Uri address = await sample._listening.Task.WaitAsync(Limit);
            return (sample, new HttpClient { BaseAddress = address });
        }
        catch (TimeoutException)
        {
            string output = sample.Output;
            await sample.DisposeAsync();
            throw new TimeoutException($"{name} did not listen in time. It wrote: {output}");
        }
    }

    /// <summary>
    /// Waits until an address answers so: a machine that stands still for seconds makes a health check give up once.
    /// </summary>
    public static Task Answers(HttpClient client, string address, HttpStatusCode status, string content = "") =>
        Eventually.Holds(
            async () =>
            {
                using HttpResponseMessage response = await client.GetAsync(address);
                string answer = await response.Content.ReadAsStringAsync();
                return response.StatusCode == status && answer.Contains(content, StringComparison.Ordinal)
                    ? null
                    : $"{address} answered {response.StatusCode}: {answer}";
            },
            Limit
        );

    /// <summary>Waits for its end.</summary>
    public async Task<int> WaitForExit()
    {
        using CancellationTokenSource limit = new(Limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Asks it to stop, as an operator would, and waits for its end.</summary>
    public Task<int> Stop()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
        return WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    // Beside this assembly: tests/X/bin/Debug/net10.0 → samples/NAME/bin/Debug/net10.0.
    private static string AssemblyOf(string name)
    {
        string own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string framework = Path.GetFileName(own);
        string configuration = Path.GetFileName(Path.GetDirectoryName(own)!);
        return Path.Combine(FolderOf(name), "bin", configuration, framework, $"{name}.dll");
    }

    /// <summary>The folder of a sample's source.</summary>
    public static string FolderOf(string name)
    {
        string root = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        while (!File.Exists(Path.Combine(root, "Pool.sln")))
        {
            root =
                Path.GetDirectoryName(root)
                ?? throw new DirectoryNotFoundException("The folder of Pool.sln was not found.");
        }

        return Path.Combine(root, "samples", name);
    }

    private void Add(string? line)
    {
        const string Listening = "Now listening on: ";
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        int at = line.IndexOf(Listening, StringComparison.Ordinal);
        if (at >= 0)
        {
            _listening.TrySetResult(new Uri(line[(at + Listening.Length)..]));
        }
    }
}
