using System.Globalization;
using System.Text;

namespace Pool.Sqlite.Execution;

/// <summary>Reads the format string of an interpolated string.</summary>
internal static class InterpolatedFormat
{
    /// <summary>
    /// Puts the names of parameters in the place of the values, and takes the escapes of braces away.
    /// </summary>
    /// <returns>For each parameter the number of its value.</returns>
    /// <exception cref="ArgumentException">It is no format string, or a value has a format or an alignment.</exception>
    public static int[] Parse(string format, List<InterpolatedHole> holes, out string sql)
    {
        List<int> order = [];
        StringBuilder text = new(format.Length + 16);
        for (int i = 0; i < format.Length; i++)
        {
            char c = format[i];
            if (c is not ('{' or '}'))
            {
                text.Append(c);
            }
            else if (i + 1 < format.Length && format[i + 1] == c)
            {
                text.Append(c);
                i++;
            }
            else
            {
                int end = c == '{' ? format.IndexOf('}', i) : -1;
                string hole = end < 0 ? throw Malformed(format) : format[i..(end + 1)];
                int start = text.Length;
                text.Append(InterpolatedSql.Name(Parameter(order, Value(format, hole))));
                holes.Add(new InterpolatedHole(hole, start, text.Length));
                i = end;
            }
        }

        sql = text.ToString();
        return [.. order];
    }

    private static int Parameter(List<int> order, int value)
    {
        int parameter = order.IndexOf(value);
        if (parameter < 0)
        {
            parameter = order.Count;
            order.Add(value);
        }

        return parameter;
    }

    private static int Value(string format, string hole)
    {
        string inside = hole[1..^1];
        int extra = inside.IndexOfAny([',', ':']);
        if (extra >= 0)
        {
            string what = inside[extra] == ',' ? "an alignment" : "a format";
            throw new ArgumentException(
                $"The value {hole} has {what} in \"{format}\". A value becomes a parameter and is stored as it is. Write "
                    + $"{{{inside[..extra]}}}, and to store a formatted text, format it before: "
                    + "{value.ToString(\"0.00\", CultureInfo.InvariantCulture)}."
            );
        }

        return int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw Malformed(format);
    }

    private static ArgumentException Malformed(string format) =>
        new(
            $"\"{format}\" is not a format string. Write a value as {{0}}, and a brace that belongs to the SQL twice: {{{{ or }}}}."
        );
}
