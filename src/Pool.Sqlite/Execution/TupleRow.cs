using System.Runtime.CompilerServices;

namespace Pool.Sqlite.Execution;

/// <summary>The items of a tuple as the values of a row.</summary>
internal static class TupleRow
{
    /// <summary>Read as they are asked for; a null among them stays one.</summary>
    public static IEnumerable<IReadOnlyList<object?>> All<TRow>(IEnumerable<TRow> rows)
        where TRow : ITuple => rows.Select(static row => row is null ? null! : Values(row));

    private static object?[] Values<TRow>(TRow row)
        where TRow : ITuple
    {
        object?[] values = new object?[row.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = row[i];
        }

        return values;
    }
}
