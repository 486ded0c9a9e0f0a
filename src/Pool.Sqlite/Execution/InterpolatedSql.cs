using System.Globalization;
using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Execution;

/// <summary>
/// The SQL of an interpolated string: a parameter in the place of each value. A place where SQLite takes no parameter
/// is refused, because the name of the parameter would be taken for data there.
/// </summary>
internal sealed class InterpolatedSql
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 32).Select(MakeName)];

    // Keyed by reference: the compiler makes one format string for each place in the code.
    private static readonly ConditionalWeakTable<string, InterpolatedSql> Parsed = [];

    private readonly string _text;

    // For each parameter the number of its value; null where those are the same.
    private readonly int[]? _order;
    private readonly int _valuesNeeded;

    private InterpolatedSql(string format)
    {
        List<InterpolatedHole> holes = [];
        int[] order = InterpolatedFormat.Parse(format, holes, out _text);
        InterpolatedSqlCheck.Check(format, _text, holes);
        _valuesNeeded = order.Length == 0 ? 0 : order.Max() + 1;
        _order = order.Where(static (value, index) => value != index).Any() ? order : null;
        ParameterCount = order.Length;
    }

    private int ParameterCount { get; }

    /// <summary>The name of a parameter, <c>$p0</c> for the first.</summary>
    public static string Name(int index) => index < Names.Length ? Names[index] : MakeName(index);

    /// <summary>The text with parameters, and their values in the order in which the parameters first appear.</summary>
    /// <exception cref="ArgumentException">A value stands where no parameter can, or has a format.</exception>
    public static (string Text, object?[] Values) Read(FormattableString sql)
    {
        string format = sql.Format;
        if (!Parsed.TryGetValue(format, out InterpolatedSql? parsed))
        {
            parsed = Parsed.GetValue(format, static format => new InterpolatedSql(format));
        }

        return (parsed._text, parsed.Values(sql));
    }

    private object?[] Values(FormattableString sql)
    {
        if (sql.ArgumentCount < _valuesNeeded)
        {
            throw new ArgumentException(
                $"The text refers to the value {{{_valuesNeeded - 1}}}, but only {sql.ArgumentCount} are given.",
                nameof(sql)
            );
        }

        object?[] values = sql.GetArguments();
        return _order is not null ? [.. _order.Select(index => values[index])]
            : values.Length == ParameterCount ? values
            : values[..ParameterCount];
    }

    private static string MakeName(int index) => string.Create(CultureInfo.InvariantCulture, $"$p{index}");
}
