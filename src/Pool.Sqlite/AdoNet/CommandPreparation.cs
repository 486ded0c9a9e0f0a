using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <summary>What can be done with a command's text without running it.</summary>
internal static class CommandPreparation
{
    /// <summary>Prepares all statements of a text.</summary>
    /// <exception cref="SqliteException">SQLite cannot prepare one.</exception>
    public static void Prepare(SqlitePoolConnection connection, string sql) =>
        Use(
            connection,
            sql,
            static (physical, text) =>
            {
                int index = 0;
                while (Get(physical, text, index) is not null)
                {
                    index++;
                }

                return index;
            }
        );

    /// <summary>A parameter for each that the one statement of a text has, without values.</summary>
    /// <exception cref="ArgumentException">There is not exactly one statement, or a parameter has no name.</exception>
    /// <exception cref="SqliteException">SQLite cannot prepare it.</exception>
    public static SqliteParameter[] DeriveParameters(SqlitePoolConnection connection, string sql) =>
        Use(
            connection,
            sql,
            static (physical, text) =>
            {
                Statement? statement = Get(physical, text, 0);
                SqliteParameter[] parameters = [.. (statement?.ParameterNames ?? []).Select(NamedParameter)];
                return statement is not null && text.IsComplete
                    ? parameters
                    : throw new ArgumentException("Write exactly one statement.");
            }
        );

    private static T Use<T>(SqlitePoolConnection connection, string sql, Func<PhysicalConnection, PreparedText, T> work)
    {
        using ConnectionUse use = connection.BeginUse();
        PhysicalConnection physical = connection.Physical;
        physical.IsTouched = true;
        PreparedText text = physical.Statements.Take(sql);
        try
        {
            return work(physical, text);
        }
        finally
        {
            physical.Statements.PutBack(text);
        }
    }

    private static Statement? Get(PhysicalConnection physical, PreparedText text, int index)
    {
        physical.ThrowUnlessDone(physical.TryGet(text, index, out Statement? statement));
        return statement;
    }

    private static SqliteParameter NamedParameter(string? name, int index) =>
        new()
        {
            ParameterName =
                name
                ?? throw new ArgumentException(
                    $"Parameter {index + 1} of the statement has no name. Write ?{index + 1}, or a name such as $id."
                ),
        };
}
