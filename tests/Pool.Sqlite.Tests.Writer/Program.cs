using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite;
using Pool.Sqlite.Chaos;
using Pool.Sqlite.Tests.Writer;

// The engine of the tests.
if (Environment.GetEnvironmentVariable("POOL_SQLITE_ENGINE") is { Length: > 0 } engine)
{
    NativeLibrary.SetDllImportResolver(
        Assembly.Load("SQLitePCLRaw.provider.e_sqlite3"),
        (name, _, _) => name == "e_sqlite3" ? NativeLibrary.Load(engine) : IntPtr.Zero
    );
}

SQLitePCL.Batteries_V2.Init();
return args switch
{
    ["write", var path] => await Writing.Run(path),
    ["full" or "normal", var path] => await PowerCut.Run(path, args[0]),
    ["lock", var path] => Locking.Run(path),
    ["limit", var path] => await FileLimit.Run(path),
    ["chaos", var path, var seed, var seconds, .. var mode] => await ChaosRun.Run(
        new ChaosOptions(
            int.Parse(seed, CultureInfo.InvariantCulture),
            TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)),
            Path.GetDirectoryName(path)!,
            Console.Out
        )
        {
            Synchronous = mode is [var name] ? Enum.Parse<SynchronousMode>(name) : null,
        }
    ),
    ["limits", var path, var rents, var texts, var pools] => await new LimitsRun(
        Path.GetDirectoryName(path)!,
        Console.Out
    ).Run(
        int.Parse(rents, CultureInfo.InvariantCulture),
        int.Parse(texts, CultureInfo.InvariantCulture),
        int.Parse(pools, CultureInfo.InvariantCulture)
    ),
    ["restore", var path, .. var backups] => await Restoring.Run(path, backups),
    ["disk", var path] => await Disk.Run(path),
    ["open"] => await Sharing.Open(),
    ["add", var path, var name] => await Sharing.Add(path, name),
    ["unprivileged", var path] => await Unprivileged.Run(path),
    _ => 2,
};
