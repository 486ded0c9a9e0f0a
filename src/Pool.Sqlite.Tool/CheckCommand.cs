using System.Text.Json.Nodes;

namespace Pool.Sqlite.Tool;

/// <summary><c>check FILE</c>.</summary>
internal static class CheckCommand
{
    private const long LargeWal = 64 * 1024 * 1024;

    public static async Task<int> Run(
        string path,
        bool quick,
        bool json,
        Terminal terminal,
        CancellationToken cancellationToken
    )
    {
        await using ReadDatabase database = DatabaseFile.OpenToRead(path);
        SqlitePoolIntegrityResult integrity = await database.Pool.CheckIntegrityAsync(quick, cancellationToken);
        List<(string Name, string Value)> facts = [("integrity", integrity.IsOk ? "ok" : "DAMAGED")];
        List<string> advice = [];
        if (integrity.IsOk)
        {
            using SqlitePoolConnection connection = await database.Pool.RentReaderAsync(cancellationToken);
            Describe(connection, path, facts, advice);
        }
        else
        {
            advice.Add(
                "Take a copy of all its files before anything else. Then restore a backup, or save what can "
                    + "be read: "
                    + "sqlite3 FILE .recover."
            );
        }

        if (json)
        {
            terminal.WriteJson(
                new JsonObject
                {
                    ["ok"] = integrity.IsOk,
                    ["findings"] = Array(integrity.Findings),
                    ["facts"] = new JsonObject(
                        facts.Select(static fact => KeyValuePair.Create(fact.Name, (JsonNode?)fact.Value))
                    ),
                    ["advice"] = Array(advice),
                }
            );
        }
        else
        {
            terminal.WriteFacts(facts);
            WriteList(terminal, "Findings", integrity.Findings);
            WriteList(terminal, "Advice", advice);
        }

        return integrity.IsOk ? ExitCode.Success : ExitCode.Findings;
    }

    private static void Describe(
        SqlitePoolConnection connection,
        string path,
        List<(string Name, string Value)> facts,
        List<string> advice
    )
    {
        long pageSize = connection.AskNumber("PRAGMA page_size");
        long pages = connection.AskNumber("PRAGMA page_count");
        long free = connection.AskNumber("PRAGMA freelist_count");
        string journal = connection.Ask("PRAGMA journal_mode");
        FileInfo wal = new(path + "-wal");
        facts.AddRange([
            ("journal mode", journal),
            ("size", Terminal.Size(pages * pageSize)),
            ("write-ahead log", wal.Exists ? Terminal.Size(wal.Length) : "none"),
            ("pages", $"{Terminal.Number(pages)} of {Terminal.Number(pageSize)} bytes"),
            ("free pages", $"{Terminal.Number(free)} ({(pages == 0 ? 0 : 100 * free / pages)} %)"),
            (
                "auto vacuum",
                connection.AskNumber("PRAGMA auto_vacuum") switch
                {
                    1 => "full",
                    2 => "incremental",
                    _ => "none",
                }
            ),
            ("encoding", connection.Ask("PRAGMA encoding")),
            ("user version", connection.Ask("PRAGMA user_version")),
            ("application id", connection.Ask("PRAGMA application_id")),
            ("SQLite", connection.Ask("select sqlite_version()")),
        ]);
        if (journal != "wal")
        {
            advice.Add(
                $"The journal mode is {journal}: readers and the writer block each other. PRAGMA "
                    + $"journal_mode=WAL ends that, "
                    + "and stays in the file."
            );
        }

        if (wal is { Exists: true, Length: > LargeWal })
        {
            advice.Add(
                $"The write-ahead log has {Terminal.Size(wal.Length)}. Run \"pool-sqlite checkpoint\", and "
                    + $"look for a reader "
                    + "that never ends."
            );
        }

        if (pages > 100 && free * 4 > pages)
        {
            advice.Add(
                $"A quarter of the file or more is free. \"pool-sqlite vacuum\" gives "
                    + $"{Terminal.Size(free * pageSize)} back."
            );
        }

        if (pageSize < 4096)
        {
            advice.Add(
                $"Pages have {pageSize} bytes; 4096 is better on today's disks. PRAGMA page_size=4096, then "
                    + $"VACUUM, outside of WAL mode."
            );
        }

        if (
            connection.AskNumber("select count(*) from sqlite_master where type = 'index' and sql is not null") > 0
            && connection.AskNumber("select count(*) from sqlite_master where name = 'sqlite_stat1'") == 0
        )
        {
            advice.Add(
                "There are indexes, but no statistics for the query planner. Run ANALYZE, or PRAGMA "
                    + "optimize now and then."
            );
        }
    }

    private static void WriteList(Terminal terminal, string title, IReadOnlyCollection<string> lines)
    {
        if (lines.Count > 0)
        {
            terminal.Write($"");
            terminal.Write($"{title}:");
            foreach (string line in lines)
            {
                terminal.Write($"- {line}");
            }
        }
    }

    private static JsonArray Array(IEnumerable<string> texts) => [.. texts.Select(static text => (JsonNode)text)];
}
