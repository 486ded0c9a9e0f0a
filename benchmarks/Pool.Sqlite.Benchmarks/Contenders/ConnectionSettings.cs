using System.Data.Common;

namespace Pool.Sqlite.Benchmarks.Contenders;

/// <summary>The settings that all contenders share, so that only the way to a connection differs.</summary>
internal static class ConnectionSettings
{
    private const string Others = "pragma cache_size=-16000; pragma mmap_size=268435456; pragma temp_store=memory;";

    /// <summary>Sets what a program must repeat on every new connection. The values are the pool's own defaults;
    /// <c>journal_mode=wal</c> is kept by the file itself.</summary>
    public static void Apply(DbConnection connection, SynchronousMode synchronous)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText =
            synchronous == SynchronousMode.Full
                ? "pragma synchronous=full; " + Others
                : "pragma synchronous=normal; " + Others;
        command.ExecuteNonQuery();
    }
}
