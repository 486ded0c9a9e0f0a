using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tool.Tests;

/// <summary>Runs the tool's command lines in this process, in a folder that is deleted at the end.</summary>
public abstract class ToolTest : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pool-sqlite-tool-").FullName;

    private protected ToolTest() => File1 = In("app.db");

    /// <summary>The database of the test.</summary>
    private protected string File1 { get; }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Directory.Delete(_folder, recursive: true);
    }

    private protected string In(string name) => Path.Combine(_folder, name);

    private protected string[] Files() =>
        [.. Directory.GetFiles(_folder).Select(static path => Path.GetFileName(path)!).Order()];

    private protected static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        StringWriter output = new();
        StringWriter error = new();
        int code = await CommandLine.Run(args, new Terminal(output, error)).WaitAsync(TimeSpan.FromMinutes(1));
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>Makes the database, past the tool.</summary>
    private protected void Make(string sql, string? path = null)
    {
        using SqliteConnection connection = new($"Data Source={path ?? File1};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private protected string? Ask(string sql, string? path = null)
    {
        using SqliteConnection connection = new($"Data Source={path ?? File1};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString();
    }
}
