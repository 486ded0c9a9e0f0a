using System.Data.Common;
using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Configuration;

/// <summary>Says everything that is wrong with the options of a set of pools, at once.</summary>
internal static class SetOptionsCheck
{
    private const int MostConnections = 1_000_000;
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    /// <exception cref="ArgumentException">Some make no sense.</exception>
    public static void Check(SqlitePoolSetOptions options)
    {
        List<string> errors = [];
        Find(options, errors);
        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
        }
    }

    /// <summary>As <see cref="Check"/>, but adds what is wrong to <paramref name="errors"/>.</summary>
    public static void Find(SqlitePoolSetOptions options, List<string> errors)
    {
        errors.AddRange(options.Misread);
        if (string.IsNullOrWhiteSpace(options.Folder) && options.FileName is null)
        {
            errors.Add(
                "Neither Folder nor FileName is set. Set Folder = \"tenants\", for example, to keep a file "
                    + "for each key in it."
            );
        }

        if (MistakenName.IsConnectionString(options.Folder))
        {
            errors.Add(
                "Folder is a connection string (not shown here). Set it to the path of a folder, and Pool.ConnectionString to what "
                    + "all databases share."
            );
        }

        if (options.FileName is null && !IsExtension(options.Extension))
        {
            errors.Add(
                $"Extension is '{options.Extension}'. Allowed: a dot and letters or digits (\".db\"), not "
                    + $"-wal, -shm, -journal."
            );
        }

        Range(errors, nameof(options.MaxOpenConnections), options.MaxOpenConnections);
        Range(errors, nameof(options.MaxOpenPools), options.MaxOpenPools);
        if (
            options.PoolIdleTimeout != Timeout.InfiniteTimeSpan
            && (options.PoolIdleTimeout < TimeSpan.FromMilliseconds(10) || options.PoolIdleTimeout > LongestTime)
        )
        {
            errors.Add(
                $"PoolIdleTimeout is {options.PoolIdleTimeout}. Allowed: from 10 ms to a day, or "
                    + $"Timeout.InfiniteTimeSpan.{OptionsCheck.MeantSeconds(options.PoolIdleTimeout)}"
            );
        }

        CheckPool(options.Pool, errors);
    }

    private static void CheckPool(SqlitePoolOptions template, List<string> errors)
    {
        SqlitePoolOptions example = template.Clone();
        string connectionString = template.ConnectionString;
        try
        {
            if (HasDataSource(connectionString))
            {
                errors.Add("Pool.ConnectionString has a Data Source. Leave it out: the set adds the file of each key.");
                connectionString = "";
            }
        }
        catch (ArgumentException e)
        {
            errors.Add($"Pool.ConnectionString is not a connection string: {e.Message}");
            connectionString = "";
        }

        example.ConnectionString = WithFile(connectionString, Path.GetFullPath("example.db"));
        List<string> wrong = [];
        if (OptionsCheck.Find(example, wrong) is { File: null })
        {
            wrong.Add("ConnectionString names a database in memory. A set is for files: leave Mode=Memory out.");
        }

        if (example.MinIdle != 0)
        {
            wrong.Add($"MinIdle is {example.MinIdle}. In a set it must be 0: what is idle makes room for others.");
        }

        errors.AddRange(wrong.Select(static error => $"Pool.{error}"));
    }

    /// <summary>The connection string of one file.</summary>
    public static string WithFile(string? template, string path) =>
        new DbConnectionStringBuilder { ConnectionString = template ?? "", ["Data Source"] = path }.ConnectionString;

    private static bool HasDataSource(string? template)
    {
        DbConnectionStringBuilder builder = new() { ConnectionString = template ?? "" };
        return builder.ContainsKey("Data Source")
            || builder.ContainsKey("DataSource")
            || builder.ContainsKey("Filename");
    }

    // SQLite's own files beside a database end with a hyphen and a word, never with a dot.
    private static bool IsExtension(string? extension) =>
        extension is ""
        || (
            extension is { Length: > 1 and < 30 }
            && extension[0] == '.'
            && extension[^1] != '.'
            && extension.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_')
        );

    private static void Range(List<string> errors, string name, int value)
    {
        if (value is < 1 or > MostConnections)
        {
            errors.Add(MessageFormat.Of($"{name} is {value}. Allowed: 1 to {MostConnections:N0}."));
        }
    }
}
