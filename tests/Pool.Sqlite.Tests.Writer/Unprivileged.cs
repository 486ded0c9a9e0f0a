using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Writer;

/// <summary>
/// Writes with nobody's rights: an item for each line that comes, and answers what became of it. (Root can write to a
/// read-only file.)
/// </summary>
internal static class Unprivileged
{
    private const uint Nobody = 65534;

    public static async Task<int> Run(string path)
    {
        if (Environment.IsPrivilegedProcess)
        {
            _ = SetUser(Nobody);
        }

        await using SqlitePool pool = new($"Data Source={path}");
        while (Console.ReadLine() is { } line)
        {
            int id = int.Parse(line, CultureInfo.InvariantCulture);
            try
            {
                await pool.Writes.ExecuteAsync($"insert into t(id) values ({id})");
                Console.WriteLine("stored");
            }
            catch (SqliteException e)
            {
                Console.WriteLine($"failed {e.SqliteErrorCode}");
            }
        }

        return 0;
    }

    [DllImport("libc", EntryPoint = "seteuid", SetLastError = true)]
    private static extern int SetUser(uint user);
}
