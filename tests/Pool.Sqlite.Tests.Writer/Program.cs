using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite;
using Pool.Sqlite.Tests.Writer;

// The engine of the tests.
if (Environment.GetEnvironmentVariable("POOL_SQLITE_ENGINE") is { Length: > 0 } engine)
{
    NativeLibrary.SetDllImportResolver(
        Assembly.Load("SQLitePCLRaw.provider.e_sqlite3"),
        (name, _, _) => name == "e_sqlite3" ? NativeLibrary.Load(engine) : IntPtr.Zero);
}

SQLitePCL.Batteries_V2.Init();
return args switch
{
    ["write", var path] => await Writing.Run(path),
    ["full" or "normal", var path] => await PowerCut.Run(path, args[0]),
    ["lock", var path] => Locking.Run(path),
    ["limit", var path] => await FileLimit.Run(path),
    ["unprivileged", var path] => await Unprivileged.Run(path),
    _ => 2,
};
