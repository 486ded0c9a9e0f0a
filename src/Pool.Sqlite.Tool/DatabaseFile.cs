using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tool;

/// <summary>
/// Opens the database that a command names: as it is, without changing its journal mode or making it.
/// </summary>
internal static class DatabaseFile
{
    /// <summary>For reading: nothing is written, not even to a file from outside that tries to.</summary>
    /// <exception cref="ToolException">There is no such file.</exception>
    public static ReadDatabase OpenToRead(string path)
    {
        SqlitePoolOptions options = Options(path, SqliteOpenMode.ReadOnly);
        return new ReadDatabase(
            File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path),
            options
        );
    }

    /// <summary>For work on the file as a whole, in the journal mode that it has.</summary>
    /// <exception cref="ToolException">There is no such file.</exception>
    public static SqlitePool OpenToWrite(string path)
    {
        SqlitePoolOptions options = Options(path, SqliteOpenMode.ReadWrite);
        options.Pragmas.JournalMode = JournalModeOf(path);
        return new SqlitePool(options);
    }

    /// <summary>For a database whose content is to be replaced: it may be damaged, or not there yet.</summary>
    public static SqlitePool OpenToReplace(string path)
    {
        try
        {
            return File.Exists(path)
                ? OpenToWrite(path)
                : new SqlitePool(Options(path, SqliteOpenMode.ReadWriteCreate));
        }
        catch (SqliteException)
        {
            return new SqlitePool(Options(path, SqliteOpenMode.ReadWrite));
        }
    }

    /// <summary>The first column of the first row.</summary>
    public static string Ask(this SqlitePoolConnection connection, string sql)
    {
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }

    /// <inheritdoc cref="Ask"/>
    public static long AskNumber(this SqlitePoolConnection connection, string sql) =>
        long.TryParse(connection.Ask(sql), CultureInfo.InvariantCulture, out long number) ? number : 0;

    /// <summary>A name as SQL writes it.</summary>
    public static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static SqlitePoolOptions Options(string path, SqliteOpenMode mode)
    {
        if (mode != SqliteOpenMode.ReadWriteCreate && !File.Exists(path))
        {
            throw new ToolException(
                Directory.Exists(path) ? $"{path} is a folder. Name a database file." : $"There is no file {path}."
            );
        }

        return new SqlitePoolOptions
        {
            ConnectionString = new SqliteConnectionStringBuilder
            {
                DataSource = Path.GetFullPath(path),
                Mode = mode,
            }.ConnectionString,
            CreateRetries = 0,
            Untrusted = true,
        };
    }

    private static JournalMode JournalModeOf(string path)
    {
        using SqliteConnection connection = new(
            new SqliteConnectionStringBuilder
            {
                DataSource = Path.GetFullPath(path),
                Mode = SqliteOpenMode.ReadOnly,
                Pooling = false,
            }.ConnectionString
        );
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode";

        // What is no mode of a file of its own (memory, off) is a setting of a connection.
        return string.Equals(command.ExecuteScalar() as string, "wal", StringComparison.OrdinalIgnoreCase)
            ? JournalMode.Wal
            : JournalMode.Delete;
    }
}
