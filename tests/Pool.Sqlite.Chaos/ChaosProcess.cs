using System.Diagnostics;

namespace Pool.Sqlite.Chaos;

/// <summary>
/// The chaos run of a program with a command line: in a process of its own, with the faulty disk preloaded.
/// </summary>
public static class ChaosProcess
{
    /// <summary>The name of the database in its folder.</summary>
    public const string Database = "chaos.db";

    /// <summary>
    /// Starts this program again with the same arguments, under the faulty disk, and in that one runs. Without a C
    /// compiler it runs at once, and no disk fails.
    /// </summary>
    public static async Task<int> Run(int seed, TimeSpan length, SynchronousMode? synchronous, bool diskFaults)
    {
        if (FaultyDisk.Find() is { } disk)
        {
            return await Run(Path.GetDirectoryName(disk.Prefix)!);
        }

        string folder = Directory.CreateTempSubdirectory("pool-sqlite-chaos-").FullName;
        string library = Path.Combine(folder, "faultydisk.so");
        int result = PreloadedLibrary.TryCompile(FaultyDisk.Source, library)
            ? await RunAgain(library, folder)
            : await Run(folder);
        if (result == 0)
        {
            Directory.Delete(folder, recursive: true);
        }
        else
        {
            Console.WriteLine($"The files are kept in {folder}.");
        }

        return result;

        Task<int> Run(string folder) =>
            ChaosRun.Run(
                new ChaosOptions(seed, length, folder, Console.Out)
                {
                    Synchronous = synchronous,
                    DiskFaults = diskFaults,
                }
            );
    }

    private static async Task<int> RunAgain(string library, string folder)
    {
        string[] arguments = Environment.GetCommandLineArgs();
        bool isHost = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
        ProcessStartInfo start = new(Environment.ProcessPath!, isHost ? arguments : arguments[1..]);
        foreach ((string name, string value) in FaultyDisk.Environs(library, Path.Combine(folder, Database)))
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
