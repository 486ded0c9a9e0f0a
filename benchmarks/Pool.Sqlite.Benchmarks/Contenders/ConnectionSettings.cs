using System.Data.Common;
using System.Globalization;

namespace Pool.Sqlite.Benchmarks.Contenders;

/// <summary>The settings that all contenders share, so that only the way to a connection differs.</summary>
internal static class ConnectionSettings
{
    /// <summary>The four PRAGMAs that a program must repeat on every new connection. They are the pool's own
    /// defaults; <c>journal_mode=wal</c> is kept by the file itself.</summary>
    private const string PerConnection =
        "pragma synchronous=normal; pragma cache_size=-16000; pragma mmap_size=268435456; pragma temp_store=memory;";

    private const string PerConnectionFull =
        "pragma synchronous=full; pragma cache_size=-16000; pragma mmap_size=268435456; pragma temp_store=memory;";

    private static readonly string[] Compared =
        ["journal_mode", "synchronous", "cache_size", "mmap_size", "temp_store"];

    /// <summary>Runs the four, with <paramref name="synchronous"/> normal or full.</summary>
    public static void Apply(DbConnection connection, SynchronousMode synchronous = SynchronousMode.Normal)
    {
        using var command = connection.CreateCommand();
        command.CommandText = synchronous == SynchronousMode.Full ? PerConnectionFull : PerConnection;
        command.ExecuteNonQuery();
    }

    /// <summary>What is in force on <paramref name="connection"/>, read back from SQLite.</summary>
    public static string Read(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        var values = new string[Compared.Length];
        for (var i = 0; i < Compared.Length; i++)
        {
            command.CommandText = "pragma " + Compared[i];
            values[i] = Compared[i] + "=" + Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture);
        }

        return string.Join(' ', values);
    }

    /// <summary>The different settings found on <paramref name="count"/> connections open at the same time.
    /// More than one means that some connection ran under other conditions than the rest.</summary>
    public static IReadOnlyList<string> ReadAll(IContender contender, int count)
    {
        var open = new List<DbConnection>(count);
        try
        {
            var found = new SortedSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < count; i++)
            {
                open.Add(contender.Open());
                found.Add(Read(open[^1]));
            }

            return [.. found];
        }
        finally
        {
            open.ForEach(connection => connection.Dispose());
        }
    }
}
