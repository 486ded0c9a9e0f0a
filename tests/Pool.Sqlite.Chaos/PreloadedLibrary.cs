using System.Diagnostics;

namespace Pool.Sqlite.Chaos;

/// <summary>Compiles C code that is to be preloaded into another process.</summary>
public static class PreloadedLibrary
{
    /// <summary>False where there is no compiler, or no such thing as preloading.</summary>
    /// <exception cref="InvalidOperationException">The compiler rejects it.</exception>
    public static bool TryCompile(string source, string library)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            string file = Path.Combine(AppContext.BaseDirectory, source);
            using Process compiler = Process.Start(
                "cc",
                ["-shared", "-fPIC", "-O2", "-o", library, file, "-ldl", "-lpthread"]
            );
            compiler.WaitForExit();
            return compiler.ExitCode == 0
                ? true
                : throw new InvalidOperationException($"The compiler rejects {source}.");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
