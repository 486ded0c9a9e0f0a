using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Benchmarks;

/// <summary>A file and a query that were tried once and found to be fit for measuring.</summary>
internal sealed record ReadOnlyQuery(string ConnectionString, int Columns, long Rows)
{
    private const string Advice = "Write one statement that reads, such as \"select count(*) from sqlite_master\".";

    /// <summary>Refuses, in one line, what cannot be measured. SQLite itself is asked about the SQL; no text is
    /// matched.</summary>
    public static ReadOnlyQuery Check(string file, string sql)
    {
        if (Directory.Exists(file))
        {
            throw new UsageException($"--database '{file}' is a directory: give the path of a SQLite file.");
        }

        if (!File.Exists(file))
        {
            throw new UsageException($"--database '{file}' does not exist: give the path of an existing SQLite file.");
        }

        string connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString();
        try
        {
            using SqliteConnection connection = new(connectionString);
            connection.Open();
            ReadSchema(connection, file);
            int columns = Inspect(connection, sql);
            return new ReadOnlyQuery(connectionString, columns, CountRows(connection, sql));
        }
        catch (SqliteException error)
        {
            throw new UsageException($"SQLite refuses this: {Reason(error)}. Check --database '{file}' and --query.");
        }
    }

    // A file is only looked at when something is read from it, so this is where a file of another kind is noticed.
    private static void ReadSchema(SqliteConnection connection, string file)
    {
        try
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "select count(*) from sqlite_master";
            command.ExecuteScalar();
        }
        catch (SqliteException error) when (error.SqliteErrorCode == raw.SQLITE_NOTADB)
        {
            throw new UsageException($"--database '{file}' is not a SQLite database: give the path of one.");
        }
    }

    private static int Inspect(SqliteConnection connection, string sql)
    {
        sqlite3? handle = connection.Handle;
        int result = raw.sqlite3_prepare_v2(handle, sql, out sqlite3_stmt? statement, out string? rest);
        using (statement)
        {
            if (result != raw.SQLITE_OK)
            {
                throw new UsageException(
                    $"--query does not parse: {raw.sqlite3_errmsg(handle).utf8_to_string()}. {Advice}"
                );
            }

            if (statement.IsInvalid)
            {
                throw new UsageException($"--query holds no statement. {Advice}");
            }

            if (raw.sqlite3_stmt_readonly(statement) == 0)
            {
                throw new UsageException("--query writes, and this file is only to be read: write a select.");
            }

            if (raw.sqlite3_column_count(statement) == 0)
            {
                throw new UsageException("--query returns no columns, so there is nothing to read: write a select.");
            }

            if (raw.sqlite3_bind_parameter_count(statement) > 0)
            {
                throw new UsageException(
                    "--query has parameters, which have no values here: write the values into the SQL."
                );
            }

            if (HasStatement(connection, rest))
            {
                throw new UsageException("--query holds more than one statement: measure them one by one.");
            }

            return raw.sqlite3_column_count(statement);
        }
    }

    // What follows the first statement may be blanks and comments, which SQLite compiles to nothing.
    private static bool HasStatement(SqliteConnection connection, string? rest)
    {
        if (string.IsNullOrWhiteSpace(rest))
        {
            return false;
        }

        int result = raw.sqlite3_prepare_v2(connection.Handle, rest, out sqlite3_stmt? statement);
        using (statement)
        {
            return result != raw.SQLITE_OK || !statement.IsInvalid;
        }
    }

    private static long CountRows(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using SqliteDataReader reader = command.ExecuteReader();
        long rows = 0;
        while (reader.Read())
        {
            rows++;
        }

        return rows;
    }

    // The driver wraps the engine's words: "SQLite Error 1: 'no such table: x'."
    private static string Reason(SqliteException error)
    {
        int first = error.Message.IndexOf('\'', StringComparison.Ordinal);
        int last = error.Message.LastIndexOf('\'');
        return first >= 0 && last > first ? error.Message[(first + 1)..last] : error.Message.TrimEnd('.');
    }
}
