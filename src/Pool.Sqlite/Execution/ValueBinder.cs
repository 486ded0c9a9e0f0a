using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// Binds one value in the form in which the driver's newest version stores it, whatever version of the driver is there.
/// </summary>
internal static class ValueBinder
{
    private const int StackBytes = 512;

    // What was read from a stream that cannot be read twice: a statement that waits for a lock is bound once more.
    private static readonly ConditionalWeakTable<Stream, byte[]> Consumed = [];

    /// <exception cref="InvalidOperationException">There is no value, or it is one that cannot be stored.</exception>
    public static void Bind(sqlite3_stmt statement, int index, SqliteParameter parameter)
    {
        int result = parameter.Value switch
        {
            null => throw new InvalidOperationException("Value must be set."),
            string value => BindText(statement, index, Cut(value, parameter.Size)),
            int value => raw.sqlite3_bind_int64(statement, index, value),
            long value => raw.sqlite3_bind_int64(statement, index, value),
            bool value => raw.sqlite3_bind_int64(statement, index, value ? 1 : 0),
            double value => BindDouble(statement, index, value),
            DBNull => raw.sqlite3_bind_null(statement, index),
            byte[] value => raw.sqlite3_bind_blob(statement, index, Cut(value, parameter.Size)),
            DateTime value => parameter.SqliteType == SqliteType.Real
                ? BindDouble(statement, index, JulianDate.From(value))
                : BindFormatted(statement, index, parameter, value, "yyyy-MM-dd HH:mm:ss.FFFFFFF"),
            Guid value => BindGuid(statement, index, parameter, value),
            decimal value => BindFormatted(statement, index, parameter, value, "0.0###########################"),
            Enum value => BindInteger(statement, index, value, Type.GetTypeCode(value.GetType())),
            { } value => BindOther(statement, index, parameter, value),
        };
        if (result != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(result, raw.sqlite3_db_handle(statement));
        }
    }

    /// <summary>Whether values of its type can be bound.</summary>
    public static bool IsStorable(object value) =>
        Type.GetTypeCode(value.GetType()) != TypeCode.Object
        || value
            is byte[]
                or Guid
                or DateTimeOffset
                or DateOnly
                or TimeOnly
                or TimeSpan
                or Half
                or UInt128
                or ReadOnlyMemory<byte>
                or Memory<byte>
                or ArraySegment<byte>
                or Stream;

    private static int BindOther(sqlite3_stmt statement, int index, SqliteParameter parameter, object boxed)
    {
        bool isReal =
            boxed is DateTimeOffset or DateOnly or TimeOnly or TimeSpan && parameter.SqliteType == SqliteType.Real;
        switch (boxed)
        {
            case float value:
                return BindDouble(statement, index, value);
            case Half value:
                return BindDouble(statement, index, (double)value);
            case char value when parameter.SqliteType == SqliteType.Integer:
                return raw.sqlite3_bind_int64(statement, index, value);
            case char value:
                return BindText(statement, index, CutOther([value], parameter.Size));
            case DateTimeOffset value:
                return isReal
                    ? BindDouble(statement, index, JulianDate.From(value.UtcDateTime))
                    : BindFormatted(statement, index, parameter, value, "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz");
            case DateOnly value:
                return isReal
                    ? BindDouble(statement, index, JulianDate.From(value.ToDateTime(TimeOnly.MinValue)))
                    : BindFormatted(statement, index, parameter, value, "yyyy-MM-dd");
            case TimeOnly value:
                return isReal
                    ? BindDouble(statement, index, JulianDate.DaysOf(value))
                    : BindFormatted(
                        statement,
                        index,
                        parameter,
                        value,
                        value.Ticks % TimeSpan.TicksPerSecond == 0 ? "HH:mm:ss" : "HH:mm:ss.fffffff"
                    );
            case TimeSpan value:
                return isReal
                    ? BindDouble(statement, index, value.TotalDays)
                    : BindFormatted(statement, index, parameter, value, "c");
            case UInt128 value:
                return BindFormatted(statement, index, parameter, value, "D39");
            case ReadOnlyMemory<byte> value:
                return raw.sqlite3_bind_blob(statement, index, CutOther(value.Span, parameter.Size));
            case Memory<byte> value:
                return raw.sqlite3_bind_blob(
                    statement,
                    index,
                    CutOther((ReadOnlySpan<byte>)value.Span, parameter.Size)
                );
            case ArraySegment<byte> value:
                return raw.sqlite3_bind_blob(
                    statement,
                    index,
                    CutOther((ReadOnlySpan<byte>)value.AsSpan(), parameter.Size)
                );
            case Stream value:
                return raw.sqlite3_bind_blob(
                    statement,
                    index,
                    CutOther((ReadOnlySpan<byte>)ReadAll(value), parameter.Size)
                );
            default:
                return BindInteger(statement, index, boxed, Type.GetTypeCode(boxed.GetType()));
        }
    }

    // Unboxed by the type underneath, which is allowed of an enum.
    private static int BindInteger(sqlite3_stmt statement, int index, object boxed, TypeCode type) =>
        type switch
        {
            TypeCode.SByte => raw.sqlite3_bind_int64(statement, index, (sbyte)boxed),
            TypeCode.Byte => raw.sqlite3_bind_int64(statement, index, (byte)boxed),
            TypeCode.Int16 => raw.sqlite3_bind_int64(statement, index, (short)boxed),
            TypeCode.UInt16 => raw.sqlite3_bind_int64(statement, index, (ushort)boxed),
            TypeCode.Int32 => raw.sqlite3_bind_int64(statement, index, (int)boxed),
            TypeCode.UInt32 => raw.sqlite3_bind_int64(statement, index, (uint)boxed),
            TypeCode.Int64 => raw.sqlite3_bind_int64(statement, index, (long)boxed),
            TypeCode.UInt64 => raw.sqlite3_bind_int64(statement, index, unchecked((long)(ulong)boxed)),
            _ => throw new InvalidOperationException(
                $"No mapping exists from object type {boxed.GetType()} to a known managed provider native type."
            ),
        };

    private static int BindDouble(sqlite3_stmt statement, int index, double value) =>
        !double.IsNaN(value)
            ? raw.sqlite3_bind_double(statement, index, value)
            : throw new InvalidOperationException("Cannot store 'NaN' values.");

    private static int BindGuid(sqlite3_stmt statement, int index, SqliteParameter parameter, Guid value)
    {
        if (parameter.SqliteType == SqliteType.Blob)
        {
            Span<byte> bytes = stackalloc byte[16];
            value.TryWriteBytes(bytes);
            return raw.sqlite3_bind_blob(statement, index, CutOther((ReadOnlySpan<byte>)bytes, parameter.Size));
        }

        Span<char> text = stackalloc char[36];
        value.TryFormat(text, out _);
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = char.ToUpperInvariant(text[i]);
        }

        return BindText(statement, index, CutOther((ReadOnlySpan<char>)text, parameter.Size));
    }

    private static int BindFormatted<T>(
        sqlite3_stmt statement,
        int index,
        SqliteParameter parameter,
        T value,
        string format
    )
        where T : ISpanFormattable
    {
        Span<char> text = stackalloc char[64];
        return value.TryFormat(text, out int length, format, CultureInfo.InvariantCulture)
            ? BindText(statement, index, CutOther((ReadOnlySpan<char>)text[..length], parameter.Size))
            : BindText(
                statement,
                index,
                CutOther(value.ToString(format, CultureInfo.InvariantCulture), parameter.Size)
            );
    }

    private static int BindText(sqlite3_stmt statement, int index, ReadOnlySpan<char> value)
    {
        if (value.Length <= StackBytes / 3)
        {
            Span<byte> utf8 = stackalloc byte[StackBytes];
            return raw.sqlite3_bind_text(statement, index, utf8[..Encoding.UTF8.GetBytes(value, utf8)]);
        }

        byte[] rented = System.Buffers.ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(value.Length));
        try
        {
            return raw.sqlite3_bind_text(statement, index, rented.AsSpan(0, Encoding.UTF8.GetBytes(value, rented)));
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static ReadOnlySpan<char> Cut(string value, int size) =>
        size == -1 || value.Length <= size ? value : value.AsSpan(0, size);

    private static ReadOnlySpan<byte> Cut(byte[] value, int size) =>
        size == -1 || value.Length <= size ? value : value.AsSpan(0, size);

    // Of these a size that was never set reads as zero.
    private static ReadOnlySpan<T> CutOther<T>(ReadOnlySpan<T> value, int size) =>
        size <= 0 || value.Length <= size ? value : value[..size];

    private static ReadOnlySpan<char> CutOther(string value, int size) => CutOther(value.AsSpan(), size);

    private static byte[] ReadAll(Stream stream)
    {
        if (stream.CanSeek)
        {
            long position = stream.Position;
            byte[] bytes = new byte[Math.Max(0, stream.Length - position)];
            stream.ReadExactly(bytes);
            stream.Position = position;
            return bytes;
        }

        return Consumed.GetValue(
            stream,
            static stream =>
            {
                using MemoryStream all = new();
                stream.CopyTo(all);
                return all.ToArray();
            }
        );
    }
}
