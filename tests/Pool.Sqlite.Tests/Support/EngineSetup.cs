using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pool.Sqlite.Tests.Support;

/// <summary>Loads SQLite before any test: the bundled one, or the one that <c>POOL_SQLITE_ENGINE</c> names.</summary>
internal static class EngineSetup
{
    [ModuleInitializer]
    internal static void Load()
    {
        if (Environment.GetEnvironmentVariable("POOL_SQLITE_ENGINE") is { Length: > 0 } path)
        {
            NativeLibrary.SetDllImportResolver(
                Assembly.Load("SQLitePCLRaw.provider.e_sqlite3"),
                (name, _, _) => name == "e_sqlite3" ? NativeLibrary.Load(path) : IntPtr.Zero
            );
        }

        SQLitePCL.Batteries_V2.Init();
    }
}
