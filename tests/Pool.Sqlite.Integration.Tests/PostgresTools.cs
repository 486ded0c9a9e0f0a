using System.Diagnostics;

namespace Pool.Sqlite.Integration.Tests;

/// <summary>PostgreSQL's programs, which refuse to run as root: root runs them as another user.</summary>
internal sealed class PostgresTools
{
    // Descriptor 3, because a shell gives what runs in its background no standard input.
    private const string Guard =
        "exec 3<&0; \"$@\" 3<&- & pid=$!; { read -r _ <&3; kill -QUIT $pid; } 2>/dev/null & wait $pid; kill $! 2>/dev/null";

    private static readonly string[] Users = ["postgres", "nobody"];

    private readonly string _folder;
    private readonly string? _user;

    private PostgresTools(string folder, string? user)
    {
        _folder = folder;
        _user = user;
    }

    /// <summary>Null, with the reason, where there is no PostgreSQL that these tests could start.</summary>
    public static PostgresTools? Find(out string reason)
    {
        reason = "";
        if (OperatingSystem.IsWindows())
        {
            reason = "These tests start PostgreSQL on Linux and macOS only.";
            return null;
        }

        string? folder = Folders()
            .FirstOrDefault(static folder =>
                File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "pg_basebackup"))
            );
        if (folder is null)
        {
            reason = "No PostgreSQL was found (on Debian: apt-get install postgresql).";
            return null;
        }

        string? user = Environment.IsPrivilegedProcess ? Array.Find(Users, Exists) : null;
        if (Environment.IsPrivilegedProcess && (user is null || !File.Exists("/usr/bin/setpriv")))
        {
            reason = "PostgreSQL does not run as root, and there is no other user to run it as.";
            return null;
        }

        return new PostgresTools(folder, user);
    }

    /// <summary>Makes a folder the property of the user who runs PostgreSQL.</summary>
    public async Task GiveAsync(string folder)
    {
        if (_user is not null)
        {
            await RunAsync(new ProcessStartInfo("chown", ["-R", _user, folder]), "");
        }
    }

    /// <summary>Runs one to its end.</summary>
    public Task RunAsync(string name, string password, params string[] arguments) =>
        RunAsync(Start(name, arguments), password);

    /// <summary>
    /// Runs one until the standard input of the shell around it is closed, also by this process being killed: then it
    /// gets SIGQUIT, on which PostgreSQL stops at once.
    /// </summary>
    public Process StartGuarded(string name, params string[] arguments)
    {
        ProcessStartInfo program = Start(name, arguments);
        ProcessStartInfo shell = new("/bin/sh", ["-c", Guard, "sh", program.FileName, .. program.ArgumentList])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        return Process.Start(shell)!;
    }

    private static bool Exists(string user) =>
        File.ReadLines("/etc/passwd").Any(line => line.StartsWith(user + ":", StringComparison.Ordinal));

    private static IEnumerable<string> Folders()
    {
        const string Debian = "/usr/lib/postgresql";
        IEnumerable<string> versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        return versions
            .OrderByDescending(static folder => int.TryParse(Path.GetFileName(folder), out int version) ? version : 0)
            .Select(static folder => Path.Combine(folder, "bin"))
            .Concat(
                (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
                    Path.PathSeparator,
                    StringSplitOptions.RemoveEmptyEntries
                )
            );
    }

    private static async Task RunAsync(ProcessStartInfo start, string password)
    {
        start.WorkingDirectory = "/";
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["PGPASSWORD"] = password;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{start.FileName} ended with {process.ExitCode}: {errors}");
    }

    private ProcessStartInfo Start(string name, string[] arguments)
    {
        string path = Path.Combine(_folder, name);
        return _user is null
            ? new ProcessStartInfo(path, arguments)
            : new ProcessStartInfo(
                "/usr/bin/setpriv",
                [$"--reuid={_user}", $"--regid={_user}", "--clear-groups", "--", path, .. arguments]
            );
    }
}
