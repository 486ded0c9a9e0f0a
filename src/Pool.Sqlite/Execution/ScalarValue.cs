using System.Data.Common;
using System.Globalization;

namespace Pool.Sqlite.Execution;

/// <summary>The first value that a statement answers, as the type that its caller asks for.</summary>
internal static class ScalarValue
{
    /// <exception cref="InvalidOperationException">There is no value, and the type has no null.</exception>
    /// <exception cref="InvalidCastException">The value cannot be read as that type without a loss.</exception>
    public static async Task<T?> ReadAsync<T>(DbDataReader reader, CancellationToken cancellationToken)
    {
        T? value = FirstOf<T>(reader, await reader.ReadAsync(cancellationToken).ConfigureAwait(false));

        // The rest of the text, with its errors.
        while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false)) { }

        return value;
    }

    /// <summary>As <see cref="ReadAsync"/>, blocking the thread.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static T? Read<T>(DbDataReader reader)
    {
        T? value = FirstOf<T>(reader, reader.Read());
        while (reader.NextResult()) { }

        return value;
    }

    private static T? FirstOf<T>(DbDataReader reader, bool hasRow)
    {
        if (!hasRow)
        {
            return Null<T>("no row");
        }

        object stored = reader.GetValue(0);
        if (stored is DBNull)
        {
            return Null<T>("NULL");
        }

        Type type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        if (type == typeof(object))
        {
            return (T)stored;
        }

        // SQLite would make 0 of a text that is no number, and leave the fraction out.
        if (IsStream(type) || !IsWholeEnough(stored, type.IsEnum ? Enum.GetUnderlyingType(type) : type))
        {
            throw Unreadable<T>(stored, null);
        }

        try
        {
            return reader.GetFieldValue<T>(0);
        }
        catch (Exception e)
            when (e is FormatException or OverflowException or InvalidCastException or ArgumentException)
        {
            throw Unreadable<T>(stored, e);
        }
    }

    private static bool IsStream(Type type) =>
        typeof(Stream).IsAssignableFrom(type) || typeof(TextReader).IsAssignableFrom(type);

    private static bool IsWholeEnough(object stored, Type type) =>
        Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean or (>= TypeCode.SByte and <= TypeCode.UInt64) => stored switch
            {
                string text => Int128.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out _),
                double real => Math.Truncate(real) == real && Math.Abs(real) <= long.MaxValue,
                decimal number => Math.Truncate(number) == number,
                _ => stored is not byte[],
            },
            TypeCode.Single or TypeCode.Double or TypeCode.Decimal => stored switch
            {
                string text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _),
                _ => stored is not byte[],
            },
            _ => true,
        };

    private static T? Null<T>(string what) =>
        default(T) is null
            ? default
            : throw new InvalidOperationException(
                $"The statement returned {what}, and {typeof(T).Name} has no null. Ask for {typeof(T).Name}? instead."
            );

    private static InvalidCastException Unreadable<T>(object stored, Exception? inner) =>
        new(
            $"The statement returned a value of type {StorageName(stored)}, which cannot be read as {NameOf(typeof(T))}. "
                + "Ask for the type that is stored, or convert it in the statement: cast(... as ...).",
            inner
        );

    private static string NameOf(Type type) =>
        Nullable.GetUnderlyingType(type) is { } underlying ? $"{underlying.Name}?" : type.Name;

    private static string StorageName(object stored) =>
        stored switch
        {
            long => "INTEGER",
            double => "REAL",
            string => "TEXT",
            byte[] => "BLOB",
            _ => stored.GetType().Name,
        };
}
