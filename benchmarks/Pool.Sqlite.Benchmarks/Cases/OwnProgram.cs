using System.Diagnostics;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>This program once more, in a process of its own.</summary>
internal static class OwnProgram
{
    public static Process Start(params IReadOnlyList<string> arguments)
    {
        string program = Environment.ProcessPath!;
        ProcessStartInfo start = new(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Run as "dotnet program.dll", the process is not the program.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(OwnProgram).Assembly.Location);
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new IOException($"{program} could not be started.");
    }
}
