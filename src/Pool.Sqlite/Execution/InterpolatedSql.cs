using System.Globalization;

namespace Pool.Sqlite.Execution;

/// <summary>The SQL of an interpolated string: each value is a parameter, whose name stands in its place.</summary>
internal static class InterpolatedSql
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 32).Select(MakeName)];

    public static string Name(int index) => index < Names.Length ? Names[index] : MakeName(index);

    public static string Text(FormattableString sql)
    {
        object[] names = new object[sql.ArgumentCount];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Name(i);
        }

        return string.Format(CultureInfo.InvariantCulture, sql.Format, names);
    }

    private static string MakeName(int index) => string.Create(CultureInfo.InvariantCulture, $"$p{index}");
}
