using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Writer;

/// <summary>
/// Limits how large the files of this process may become, as a full disk does, writes until that is felt, and lifts the
/// limit again. Says what it was told: <c>stored 1</c>, <c>failed 2 13</c>.
/// </summary>
internal static class FileLimit
{
    private const int FileSize = 1;
    private const int SignalFileSize = 25;

    public static async Task<int> Run(string path)
    {
        await using SqlitePool pool = new($"Data Source={path}");
        await pool.Writes.ExecuteAsync($"create table t(id integer primary key, value)");
        _ = Signal(SignalFileSize, 1);
        _ = GetLimit(FileSize, out Limit before);
        Limit small = before with { Current = 200_000 };
        _ = SetLimit(FileSize, in small);
        Task<string>[] items = [.. Enumerable.Range(1, 60).Select(id => Write(pool, id))];
        foreach (Task<string> item in items)
        {
            Console.WriteLine(await item);
        }

        _ = SetLimit(FileSize, in before);
        Console.WriteLine(await Write(pool, 1000));
        return 0;
    }

    private static async Task<string> Write(SqlitePool pool, int id)
    {
        try
        {
            await pool.Writes.ExecuteAsync($"insert into t values ({id}, zeroblob(10000))");
            return $"stored {id}";
        }
        catch (SqliteException e)
        {
            return $"failed {id} {e.SqliteErrorCode}";
        }
    }

    [DllImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static extern int GetLimit(int resource, out Limit limit);

    [DllImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static extern int SetLimit(int resource, in Limit limit);

    [DllImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static extern nint Signal(int signal, nint handler);

    [StructLayout(LayoutKind.Sequential)]
    private record struct Limit(nuint Current, nuint Most);
}
