using System.Collections;
using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Execution;

/// <summary>The values of a row: the items of a tuple or a list, or one value alone.</summary>
internal static class RowValues
{
    /// <summary>Read as they are asked for.</summary>
    /// <param name="rows">The rows. A null among them stays one, unless null is a value of their type.</param>
    /// <param name="isValue">Tells whether what is no tuple and no list can be a value.</param>
    /// <exception cref="ArgumentException">It is a text or a blob; or, as it is read, a row is no value.</exception>
    public static IEnumerable<IReadOnlyList<object?>> All<TRow>(IEnumerable<TRow> rows, Func<object, bool> isValue)
    {
        if (rows is string)
        {
            throw new ArgumentException(
                "The rows are one text, which has characters. Write [text] for one row.",
                nameof(rows)
            );
        }

        if (rows is byte[])
        {
            throw new ArgumentException(
                "The rows are one blob, which has bytes. Write [bytes] for one row.",
                nameof(rows)
            );
        }

        bool hasNull =
            typeof(TRow) == typeof(string)
            || typeof(TRow) == typeof(byte[])
            || (Nullable.GetUnderlyingType(typeof(TRow)) is { } type && !typeof(ITuple).IsAssignableFrom(type));
        return rows as IEnumerable<IReadOnlyList<object?>>
            ?? rows.Select(
                (row, index) =>
                    row is not null ? Values(row, index, isValue)
                    : hasNull ? [null]
                    : null!
            );
    }

    private static IReadOnlyList<object?> Values(object row, int index, Func<object, bool> isValue) =>
        row switch
        {
            ITuple tuple => Items(tuple),
            byte[] => [row],
            IReadOnlyList<object?> list => list,
            IList list => [.. list.Cast<object?>()],
            _ when isValue(row) => [row],
            _ => throw new ArgumentException(
                $"Row {index} is an object of the type {row.GetType().Name}, which is no value. "
                    + "Write a tuple for each row: rows.Select(row => (row.Id, row.Name)).",
                nameof(row)
            ),
        };

    private static object?[] Items(ITuple tuple)
    {
        object?[] values = new object?[tuple.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = tuple[i];
        }

        return values;
    }
}
