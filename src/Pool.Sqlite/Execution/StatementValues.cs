using System.Collections;
using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Execution;

/// <summary>The values of a statement in each form in which a caller can give them: by position or by name.</summary>
internal static class StatementValues
{
    /// <summary>For a text without parameters.</summary>
    public static readonly object?[] None = [];

    private const string HowToWrite =
        "Write the values one by one in the order of the parameters, or by name: (\"$id\", id), (\"$name\", name).";

    /// <summary>
    /// What was given one by one: a token at the end is the call's, and a single list or dictionary holds the values.
    /// </summary>
    public static object Of(object?[]? given, out CancellationToken cancellationToken)
    {
        object?[] values = given ?? [null];
        cancellationToken = default;
        if (values is [.., CancellationToken token])
        {
            cancellationToken = token;
            values = values[..^1];
        }

        return values is [not byte[] and (IList or IDictionary or IEnumerable<KeyValuePair<string, object?>>)]
            ? values[0]!
            : values;
    }

    /// <summary>A parameter for each that the text has.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="values">A list by position; pairs, a dictionary or parameters by name.</param>
    /// <exception cref="ArgumentException">A value or a parameter is missing, or a value is none.</exception>
    public static SqliteParameter[] Resolve(string sql, object values) =>
        AsParameters<SqliteParameter>(values)
        ?? [.. Pair(ParameterNames.Of(sql), values).Select(static pair => Parameter(pair.Name, pair.Value))];

    /// <summary>Null unless parameters were given, in place of values.</summary>
    public static T[]? AsParameters<T>(object values)
        where T : DbParameter
    {
        IEnumerable<object?> all = ((IEnumerable)values).Cast<object?>();
        return all.Any() && all.All(static value => value is T) ? [.. all.Cast<T>()] : null;
    }

    /// <summary>The value of each name.</summary>
    /// <param name="names">The parameters of a text, with their prefix.</param>
    /// <param name="values">A list by position; pairs or a dictionary by name.</param>
    /// <exception cref="ArgumentException">A value or a parameter is missing.</exception>
    public static IEnumerable<(string Name, object? Value)> Pair(string[] names, object values) =>
        values switch
        {
            IEnumerable<KeyValuePair<string, object?>> named => ByName(
                names,
                named.Select(static pair => (pair.Key, pair.Value))
            ),
            IDictionary named => ByName(names, named.Keys.Cast<object>().Select(key => ($"{key}", named[key]))),
            (string, object?)[] named => ByName(names, named),
            IReadOnlyList<object?> list => FromList(names, list),
            _ => FromList(names, [.. ((IEnumerable)values).Cast<object?>()]),
        };

    /// <summary>
    /// What the write queue takes: values in the order of the parameters as they are, all else as parameters.
    /// </summary>
    /// <inheritdoc cref="Resolve"/>
    public static IReadOnlyList<object?> InOrder(string sql, object values) =>
        values is IReadOnlyList<object?> list && AreStorable(list) ? list : Resolve(sql, values);

    /// <summary>What to say when there are not as many values as parameters.</summary>
    public static string CountDiffers(IReadOnlyList<string> names, IReadOnlyList<object?> values)
    {
        string told =
            $"There are {values.Count} values, but the statement has {names.Count} parameters"
            + (names.Count == 0 ? "." : $" ({string.Join(", ", names)}).");
        return values.Any(IsAnonymous) ? told + " An anonymous object counts as one value. " + HowToWrite : told;
    }

    private static bool AreStorable(IReadOnlyList<object?> values)
    {
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i] is { } value && !ValueBinder.IsStorable(value))
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<(string Name, object? Value)> FromList(string[] names, IReadOnlyList<object?> values)
    {
        if (values.Count > 0 && values.All(static value => value is ITuple { Length: 2 } pair && pair[0] is string))
        {
            return ByName(names, values.Cast<ITuple>().Select(static pair => ((string)pair[0]!, pair[1])));
        }

        return values.Count == names.Length
            ? names.Zip(values)
            : throw new ArgumentException(CountDiffers(names, values));
    }

    private static IEnumerable<(string Name, object? Value)> ByName(
        string[] names,
        IEnumerable<(string Name, object? Value)> values
    )
    {
        object?[] found = new object?[names.Length];
        bool[] isFound = new bool[names.Length];
        foreach ((string given, object? value) in values)
        {
            bool isKnown = false;
            for (int i = 0; i < names.Length; i++)
            {
                if (names[i] == given || (names[i][0] != '?' && names[i].AsSpan(1).SequenceEqual(given)))
                {
                    if (isFound[i])
                    {
                        throw new ArgumentException($"There are two values for the parameter {names[i]}.");
                    }

                    found[i] = value;
                    isKnown = isFound[i] = true;
                }
            }

            if (!isKnown)
            {
                throw new ArgumentException(
                    $"The statement has no parameter '{given}'. It has {names.Length}{List(names)}."
                );
            }
        }

        int missing = Array.IndexOf(isFound, false);
        return missing < 0
            ? names.Zip(found)
            : throw new ArgumentException($"There is no value for the parameter {names[missing]}.");
    }

    private static SqliteParameter Parameter(string name, object? value) =>
        value switch
        {
            null => new SqliteParameter(name, DBNull.Value),
            ITuple => throw NotAValue(name, "a tuple"),
            SqliteParameter => throw NotAValue(name, "a parameter among values"),
            CancellationToken => throw NotAValue(name, "a CancellationToken, which comes last"),
            IEnumerable and not (string or byte[] or ArraySegment<byte>) => throw NotAValue(name, "a collection"),
            _ when IsAnonymous(value) => throw NotAValue(name, "an anonymous object"),
            _ when !ValueBinder.IsStorable(value) => throw NotAValue(
                name,
                $"an object of the type {value.GetType().Name}"
            ),
            _ => new SqliteParameter(name, value),
        };

    private static ArgumentException NotAValue(string name, string what) =>
        new($"The value of the parameter {name} is {what}, which cannot be stored. " + HowToWrite);

    private static bool IsAnonymous(object? value) =>
        value?.GetType().Name.StartsWith("<>", StringComparison.Ordinal) == true;

    private static string List(string[] names) => names.Length == 0 ? "" : $" ({string.Join(", ", names)})";
}
