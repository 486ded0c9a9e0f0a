using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>Gives a statement the values of a command, found by name as the driver finds them.</summary>
internal static class ParameterBinder
{
    // From here on looking a name up costs more than a table of the names.
    private const int FewNames = 16;

    /// <exception cref="InvalidOperationException">
    /// A value or a name is missing, a name is ambiguous, or a value is of a type that cannot be stored.
    /// </exception>
    public static void Bind(Statement statement, SqliteParameterCollection? parameters)
    {
        string?[] names = statement.ParameterNames;
        int count = parameters?.Count ?? 0;
        if (count == 0 && names.Length == 0)
        {
            return;
        }

        int inOrder = BindInOrder(statement, names, parameters, count);
        int bound = inOrder == count ? count : inOrder + BindByName(statement, names, parameters!, inOrder);

        // A parameter that is there twice counts twice, as with the driver: the last one wins, and may hide a missing
        // one.
        if (bound != names.Length && raw.sqlite3_stmt_isexplain(statement.Native) == 0)
        {
            throw Missing(names, parameters);
        }
    }

    // Most often they stand in the order of the statement.
    private static int BindInOrder(
        Statement statement,
        string?[] names,
        SqliteParameterCollection? parameters,
        int count
    )
    {
        int i = 0;
        for (; i < count && i < names.Length; i++)
        {
            SqliteParameter parameter = parameters![i];
            string own = parameter.ParameterName;
            if (
                names[i] is not { } name
                || !(
                    own.Length == name.Length
                        ? own == name
                        : own.Length == name.Length - 1
                            && name[0] != '?'
                            && !HasPrefix(own)
                            && statement.PrefixIsOptional
                            && name.AsSpan(1).SequenceEqual(own)
                )
            )
            {
                break;
            }

            ValueBinder.Bind(statement.Native!, i + 1, parameter);
        }

        return i;
    }

    private static int BindByName(Statement statement, string?[] names, SqliteParameterCollection parameters, int first)
    {
        Dictionary<string, int>? table = names.Length > FewNames ? TableOf(names) : null;
        int bound = 0;
        for (int i = first; i < parameters.Count; i++)
        {
            SqliteParameter parameter = parameters[i];
            int index = Find(parameter.ParameterName, names, table);
            if (index > 0)
            {
                ValueBinder.Bind(statement.Native!, index, parameter);
                bound++;
            }
        }

        return bound;
    }

    /// <summary>The number of the parameter with that name; 0 when the statement has none.</summary>
    private static int Find(string own, string?[] names, Dictionary<string, int>? table)
    {
        if (own.Length == 0)
        {
            throw new InvalidOperationException("ParameterName must be set.");
        }

        int index = IndexOf(own, names, table);
        if (index > 0 || HasPrefix(own))
        {
            return index;
        }

        foreach (string prefix in (ReadOnlySpan<string>)["@", "$", ":"])
        {
            int found = IndexOf(prefix + own, names, table);
            if (found > 0 && index > 0)
            {
                throw new InvalidOperationException(
                    $"Cannot bind the value for parameter '{own}' because multiple matching parameters were found in the command "
                        + $"text. Specify the parameter name with the symbol prefix, e.g. '@{own}'."
                );
            }

            index = found > 0 ? found : index;
        }

        return index;
    }

    private static int IndexOf(string name, string?[] names, Dictionary<string, int>? table) =>
        table is null ? Array.IndexOf(names, name) + 1 : table.GetValueOrDefault(name);

    private static bool HasPrefix(string name) => name.Length > 0 && name[0] is '@' or '$' or ':';

    private static Dictionary<string, int> TableOf(string?[] names)
    {
        Dictionary<string, int> table = new(names.Length, StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
        {
            if (names[i] is { } name)
            {
                table.TryAdd(name, i + 1);
            }
        }

        return table;
    }

    private static InvalidOperationException Missing(string?[] names, SqliteParameterCollection? parameters)
    {
        HashSet<string> given = [];
        for (int i = 0; i < (parameters?.Count ?? 0); i++)
        {
            given.Add(parameters![i].ParameterName);
        }

        // The driver names none when there is no collection at all, and cannot name one that is only a question mark.
        IEnumerable<string?> missing = parameters is null
            ? []
            : names.Where(name => name is null || !given.Contains(name));
        return new InvalidOperationException(
            $"Must add values for the following parameters: {string.Join(", ", missing)}"
        );
    }
}
