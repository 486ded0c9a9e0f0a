using System.Globalization;
using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Execution;

/// <summary>The parameters of a text, numbered as SQLite numbers them.</summary>
/// <remarks>See <see href="https://www.sqlite.org/lang_expr.html#varparam"/>.</remarks>
internal static class ParameterNames
{
    // SQLITE_MAX_VARIABLE_NUMBER, as it is compiled by default. What is beyond it SQLite itself refuses.
    private const int MostParameters = 32_766;

    // Keyed by reference: most texts are literals.
    private static readonly ConditionalWeakTable<string, string[]> Known = [];

    /// <summary>The name of each, with its prefix.</summary>
    /// <exception cref="ArgumentException">One has no name.</exception>
    public static string[] Of(string sql)
    {
        if (!Known.TryGetValue(sql, out string[]? names))
        {
            names = Known.GetValue(sql, Read);
        }

        return names;
    }

    private static string[] Read(string sql)
    {
        List<string?> names = [];
        SqlLexer lexer = new(sql);
        while (lexer.MoveNext())
        {
            if (lexer.Kind == SqlTokenKind.Variable && lexer.Token[0] != '#')
            {
                Add(names, lexer.Token.ToString());
            }
        }

        int nameless = names.IndexOf(null);
        return nameless < 0 ? [.. names.OfType<string>()] : throw Nameless(nameless + 1);
    }

    private static void Add(List<string?> names, string name)
    {
        if (name == "?")
        {
            names.Add(null);
        }
        else if (name[0] != '?')
        {
            if (!names.Contains(name))
            {
                names.Add(name);
            }
        }
        else if (
            int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number is > 0 and <= MostParameters
        )
        {
            while (names.Count < number)
            {
                names.Add(null);
            }

            names[number - 1] ??= name;
        }
    }

    private static ArgumentException Nameless(int number) =>
        new($"Parameter {number} of the statement has no name. Write ?{number}, or a name such as $id.");
}
