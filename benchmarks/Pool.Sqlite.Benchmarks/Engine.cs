using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Benchmarks;

/// <summary>Chooses the SQLite library of this process, before anything uses it.</summary>
internal static class Engine
{
    /// <summary>The environment variable that names another SQLite library to load.</summary>
    public const string Variable = "POOL_SQLITE_ENGINE";

    private static readonly Lazy<bool> Loaded = new(LoadOnce);

    public static string Version => raw.sqlite3_libversion().utf8_to_string();

    public static string DriverVersion => InformationalVersion(typeof(SqliteConnection));

    public static int DriverMajor => int.Parse(DriverVersion.Split('.')[0], CultureInfo.InvariantCulture);

    /// <summary>Where the engine comes from: the path in <see cref="Variable"/>, or null for the one that was built
    /// in.</summary>
    public static string? Override =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path ? path : null;

    /// <summary>Safe to call from anywhere, any number of times.</summary>
    public static void Load() => _ = Loaded.Value;

    private static bool LoadOnce()
    {
        if (Override is { } path)
        {
            if (!NativeLibrary.TryLoad(Path.GetFullPath(path), out nint library))
            {
                throw new UsageException(
                    $"{Variable} names '{path}', which cannot be loaded as a library. Give the full path of a SQLite "
                        + "library, such as libsqlite3.so.0, or unset it."
                );
            }

            if (!NativeLibrary.TryGetExport(library, "sqlite3_libversion", out _))
            {
                throw new UsageException(
                    $"{Variable} names '{path}', which is not SQLite: it has no sqlite3_libversion."
                );
            }

            NativeLibrary.SetDllImportResolver(
                typeof(SQLite3Provider_e_sqlite3).Assembly,
                (name, _, _) => name == "e_sqlite3" ? library : nint.Zero
            );
        }

        Batteries_V2.Init();
        return true;
    }

    private static string InformationalVersion(Type type)
    {
        string? version = type
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion;
        return version?.Split('+')[0] ?? "0.0";
    }
}
