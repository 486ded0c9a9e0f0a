using System.Runtime.InteropServices;
using Pool.Sqlite;
using SQLitePCL;

// Debian installs the library as libsqlite3.so.0; zero lets the runtime look for it by its usual names.
NativeLibrary.SetDllImportResolver(
    typeof(SQLite3Provider_sqlite3).Assembly,
    static (_, _, _) => NativeLibrary.TryLoad("libsqlite3.so.0", out nint library) ? library : 0
);
raw.SetProvider(new SQLite3Provider_sqlite3());

await using SqlitePool pool = new("Data Source=system.db");
await pool.ExecuteAsync($"create table if not exists t (x)");
Console.WriteLine($"SQLite {pool.GetHealth().EngineVersion}");
