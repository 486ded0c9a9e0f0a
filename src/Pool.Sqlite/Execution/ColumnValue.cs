using System.Globalization;
using System.Text;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// One column of the row that a statement stands on, as each .NET type that the driver's newest version knows. The
/// ordinal has been checked.
/// </summary>
internal static class ColumnValue
{
    public static bool IsNull(sqlite3_stmt row, int ordinal) =>
        raw.sqlite3_column_type(row, ordinal) == raw.SQLITE_NULL;

    public static object ToObject(sqlite3_stmt row, int ordinal) =>
        raw.sqlite3_column_type(row, ordinal) switch
        {
            raw.SQLITE_INTEGER => raw.sqlite3_column_int64(row, ordinal),
            raw.SQLITE_FLOAT => raw.sqlite3_column_double(row, ordinal),
            raw.SQLITE_TEXT => raw.sqlite3_column_text(row, ordinal).utf8_to_string(),
            raw.SQLITE_BLOB => raw.sqlite3_column_blob(row, ordinal).ToArray(),
            _ => DBNull.Value,
        };

    // One native call for nearly every value: only a zero can stand for NULL.
    public static long ToInt64(sqlite3_stmt row, int ordinal)
    {
        long value = raw.sqlite3_column_int64(row, ordinal);
        if (value == 0)
        {
            ThrowIfNull(row, ordinal);
        }

        return value;
    }

    public static double ToDouble(sqlite3_stmt row, int ordinal)
    {
        double value = raw.sqlite3_column_double(row, ordinal);
        if (value == 0)
        {
            ThrowIfNull(row, ordinal);
        }

        return value;
    }

    public static string ToText(sqlite3_stmt row, int ordinal) =>
        raw.sqlite3_column_text(row, ordinal).utf8_to_string() ?? throw IsNullError(ordinal);

    public static byte[] ToBytes(sqlite3_stmt row, int ordinal)
    {
        ReadOnlySpan<byte> value = raw.sqlite3_column_blob(row, ordinal);
        return value.Length > 0 ? value.ToArray()
            : !IsNull(row, ordinal) ? []
            : throw IsNullError(ordinal);
    }

    public static char ToChar(sqlite3_stmt row, int ordinal) =>
        raw.sqlite3_column_type(row, ordinal) == raw.SQLITE_TEXT && ToText(row, ordinal) is { Length: 1 } text
            ? text[0]
            : checked((char)ToInt64(row, ordinal));

    // Text with an offset says which moment it is; it comes back in UTC, not in the time zone of this machine.
    public static DateTime ToDateTime(sqlite3_stmt row, int ordinal)
    {
        if (IsNumber(row, ordinal))
        {
            return JulianDate.ToDateTime(ToDouble(row, ordinal));
        }

        DateTime value = DateTime.Parse(ToText(row, ordinal), CultureInfo.InvariantCulture);
        return value.Kind == DateTimeKind.Local ? value.ToUniversalTime() : value;
    }

    public static DateTimeOffset ToDateTimeOffset(sqlite3_stmt row, int ordinal) =>
        IsNumber(row, ordinal)
            ? new DateTimeOffset(JulianDate.ToDateTime(ToDouble(row, ordinal)), TimeSpan.Zero)
            : DateTimeOffset.Parse(ToText(row, ordinal), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public static DateOnly ToDateOnly(sqlite3_stmt row, int ordinal) =>
        IsNumber(row, ordinal)
            ? DateOnly.FromDateTime(JulianDate.ToDateTime(ToDouble(row, ordinal)))
            : DateOnly.Parse(ToText(row, ordinal), CultureInfo.InvariantCulture);

    public static TimeOnly ToTimeOnly(sqlite3_stmt row, int ordinal) =>
        TimeOnly.Parse(ToText(row, ordinal), CultureInfo.InvariantCulture);

    public static TimeSpan ToTimeSpan(sqlite3_stmt row, int ordinal) =>
        IsNumber(row, ordinal)
            ? TimeSpan.FromDays(ToDouble(row, ordinal))
            : TimeSpan.Parse(ToText(row, ordinal), CultureInfo.InvariantCulture);

    public static decimal ToDecimal(sqlite3_stmt row, int ordinal) =>
        decimal.Parse(
            ToText(row, ordinal),
            NumberStyles.Number | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture
        );

    public static Guid ToGuid(sqlite3_stmt row, int ordinal)
    {
        if (raw.sqlite3_column_type(row, ordinal) != raw.SQLITE_BLOB)
        {
            return new Guid(ToText(row, ordinal));
        }

        ReadOnlySpan<byte> value = raw.sqlite3_column_blob(row, ordinal);
        return value.Length == 16 ? new Guid(value) : new Guid(Encoding.UTF8.GetString(value));
    }

    public static InvalidOperationException IsNullError(int ordinal) =>
        new(
            $"The data is NULL at ordinal {ordinal}. This method can't be called on NULL values. Check using IsDBNull before calling."
        );

    private static bool IsNumber(sqlite3_stmt row, int ordinal) =>
        raw.sqlite3_column_type(row, ordinal) is raw.SQLITE_INTEGER or raw.SQLITE_FLOAT;

    private static void ThrowIfNull(sqlite3_stmt row, int ordinal)
    {
        if (raw.sqlite3_column_type(row, ordinal) == raw.SQLITE_NULL)
        {
            throw IsNullError(ordinal);
        }
    }
}
