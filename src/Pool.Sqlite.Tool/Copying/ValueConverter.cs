using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Pool.Sqlite.Tool.Copying;

/// <summary>
/// Makes of SQLite's values those of one PostgreSQL type, without loss or not at all, and reads them back in the same
/// form.
/// </summary>
/// <param name="Type">What the column is sent as.</param>
/// <param name="Convert">Makes the value; null when it does not fit.</param>
/// <param name="Read">Reads it back.</param>
internal sealed record ValueConverter(
    NpgsqlDbType Type,
    Func<object, object?> Convert,
    Func<NpgsqlDataReader, int, object> Read
)
{
    private static readonly string[] DayTimes = ["HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF"];
    private static readonly string[] LocalTimes = ["yyyy-MM-dd", .. Times("")];
    private static readonly string[] OffsetTimes = [.. Times("zzz"), .. Times("'Z'"), .. Times("zz")];

    /// <summary>The converter of a column.</summary>
    /// <param name="type">The type's name, as format_type has it without a modifier.</param>
    /// <param name="modifier">The modifier, such as the length; -1 for none.</param>
    /// <returns>Null for a type that cannot be copied to.</returns>
    public static ValueConverter? For(string type, int modifier) =>
        type switch
        {
            "smallint" => Integer(
                NpgsqlDbType.Smallint,
                short.MinValue,
                short.MaxValue,
                static value => (short)value,
                static (row, i) => row.GetInt16(i)
            ),
            "integer" => Integer(
                NpgsqlDbType.Integer,
                int.MinValue,
                int.MaxValue,
                static value => (int)value,
                static (row, i) => row.GetInt32(i)
            ),
            "bigint" => Integer(
                NpgsqlDbType.Bigint,
                long.MinValue,
                long.MaxValue,
                static value => value,
                static (row, i) => row.GetInt64(i)
            ),
            "boolean" => new(NpgsqlDbType.Boolean, ToBoolean, static (row, i) => row.GetBoolean(i)),
            "real" => new(NpgsqlDbType.Real, static value => ToSingle(value), static (row, i) => row.GetFloat(i)),
            "double precision" => new(NpgsqlDbType.Double, ToDouble, static (row, i) => row.GetDouble(i)),
            "numeric" => new(NpgsqlDbType.Numeric, ToDecimal, static (row, i) => row.GetDecimal(i)),
            "text" => new(
                NpgsqlDbType.Text,
                static value => ToText(value, int.MaxValue),
                static (row, i) => row.GetString(i)
            ),
            "character varying" => new(
                NpgsqlDbType.Varchar,
                value => ToText(value, Length(modifier)),
                static (row, i) => row.GetString(i)
            ),

            // Filled up with spaces there.
            "character" => new(
                NpgsqlDbType.Char,
                value => ToText(value, Length(modifier))?.TrimEnd(' '),
                static (row, i) => row.GetString(i).TrimEnd(' ')
            ),
            "bytea" => new(
                NpgsqlDbType.Bytea,
                static value => value as byte[],
                static (row, i) => row.GetFieldValue<byte[]>(i)
            ),
            "uuid" => new(NpgsqlDbType.Uuid, static value => ToGuid(value), static (row, i) => row.GetGuid(i)),
            "json" => new(
                NpgsqlDbType.Json,
                static value => value is string text && JsonText.Normalize(text) is not null ? text : null,
                static (row, i) => row.GetString(i)
            ),
            "jsonb" => new(
                NpgsqlDbType.Jsonb,
                static value => value is string text ? JsonText.Normalize(text) : null,
                static (row, i) => JsonText.Normalize(row.GetString(i))!
            ),
            "date" => new(
                NpgsqlDbType.Date,
                static value => ToDate(value),
                static (row, i) => row.GetFieldValue<DateOnly>(i)
            ),
            "time without time zone" => new(
                NpgsqlDbType.Time,
                static value => ToTime(value),
                static (row, i) => row.GetFieldValue<TimeOnly>(i)
            ),
            "timestamp without time zone" => new(
                NpgsqlDbType.Timestamp,
                static value => ToTimestamp(value),
                static (row, i) => row.GetFieldValue<DateTime>(i)
            ),
            "timestamp with time zone" => new(
                NpgsqlDbType.TimestampTz,
                static value => ToInstant(value),
                static (row, i) => row.GetFieldValue<DateTime>(i)
            ),
            _ => null,
        };

    private static ValueConverter Integer(
        NpgsqlDbType type,
        long least,
        long most,
        Func<long, object> convert,
        Func<NpgsqlDataReader, int, object> read
    ) => new(type, value => value is long number && number >= least && number <= most ? convert(number) : null, read);

    private static object? ToBoolean(object value) =>
        value switch
        {
            0L => false,
            1L => true,
            string text when bool.TryParse(text, out bool flag) => flag,
            _ => null,
        };

    // Only what a single holds exactly.
    private static float? ToSingle(object value) =>
        ToDouble(value) is double number && (float)number == number ? (float)number : null;

    private static object? ToDouble(object value) =>
        value switch
        {
            double number => number,
            long number when Math.Abs((double)number) <= 1L << 53 => (double)number,
            _ => null,
        };

    private static object? ToDecimal(object value) =>
        value switch
        {
            long number => (decimal)number,
            double number => ToDecimal(number.ToString("R", CultureInfo.InvariantCulture)),
            string text
                when decimal.TryParse(
                    text,
                    NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                    CultureInfo.InvariantCulture,
                    out decimal number
                ) => number,
            _ => null,
        };

    // PostgreSQL counts characters, and knows none that is zero.
    private static string? ToText(object value, int length)
    {
        string? text = value switch
        {
            string s => s,
            long or double => System.Convert.ToString(value, CultureInfo.InvariantCulture),
            _ => null,
        };
        return
            text is null
            || text.Contains('\0', StringComparison.Ordinal)
            || (text.Length > length && text.EnumerateRunes().Count() > length)
            ? null
            : text;
    }

    // As text only: of 16 bytes there is no telling in which order they are.
    private static Guid? ToGuid(object value) =>
        value is string text && Guid.TryParse(text, out Guid guid) ? guid : null;

    private static DateOnly? ToDate(object value) =>
        value is not string text ? null
        : DateOnly.TryParseExact(
            text,
            "yyyy-MM-dd",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out DateOnly date
        )
            ? date
        : ToTimestamp(value) is { TimeOfDay.Ticks: 0 } day ? DateOnly.FromDateTime(day)
        : null;

    private static TimeOnly? ToTime(object value) =>
        value is string text
        && TimeOnly.TryParseExact(text, DayTimes, CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time)
            ? new TimeOnly(ToMicroseconds(time.Ticks))
            : null;

    private static DateTime? ToTimestamp(object value) =>
        value is string text
        && DateTime.TryParseExact(
            text,
            LocalTimes,
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out DateTime time
        )
            ? new DateTime(ToMicroseconds(time.Ticks))
            : null;

    // Without an offset it is UTC, as SQLite's own functions have it.
    private static DateTime? ToInstant(object value)
    {
        if (ToTimestamp(value) is { } local)
        {
            return DateTime.SpecifyKind(local, DateTimeKind.Utc);
        }

        return
            value is string text
            && DateTimeOffset.TryParseExact(
                text,
                OffsetTimes,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal,
                out DateTimeOffset time
            )
            ? new DateTime(ToMicroseconds(time.UtcTicks), DateTimeKind.Utc)
            : null;
    }

    // All that PostgreSQL keeps; .NET's seventh digit is cut off.
    private static long ToMicroseconds(long ticks) => ticks - (ticks % TimeSpan.TicksPerMicrosecond);

    private static int Length(int modifier) => modifier < 4 ? int.MaxValue : modifier - 4;

    private static IEnumerable<string> Times(string offset) =>
        DayTimes.SelectMany(time => new[] { $"yyyy-MM-dd {time}{offset}", $"yyyy-MM-dd'T'{time}{offset}" });
}
