using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Writer;

/// <summary>Holds SQLite's write lock until a line comes, and lets go of it.</summary>
internal static class Locking
{
    public static int Run(string path)
    {
        using SqliteConnection connection = new($"Data Source={path};Pooling=False");
        connection.Open();
        using SqliteTransaction transaction = connection.BeginTransaction();
        Console.WriteLine("locked");
        Console.ReadLine();
        transaction.Rollback();
        Console.WriteLine("free");
        return 0;
    }
}
