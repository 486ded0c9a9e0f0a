using System.Text;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>A part of a value, copied into a buffer of the caller's.</summary>
internal static class ColumnPart
{
    /// <returns>How many were copied; without a buffer, how many there are.</returns>
    public static long Bytes(
        sqlite3_stmt row,
        int ordinal,
        long dataOffset,
        byte[]? buffer,
        int bufferOffset,
        int length
    )
    {
        ReadOnlySpan<byte> all = raw.sqlite3_column_blob(row, ordinal);
        if (all.Length == 0 && ColumnValue.IsNull(row, ordinal))
        {
            throw ColumnValue.IsNullError(ordinal);
        }

        return buffer is null ? all.Length : Copy(all, dataOffset, RoomIn(buffer, bufferOffset, length));
    }

    /// <inheritdoc cref="Bytes"/>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The value is shorter than the offset, or a number is negative.
    /// </exception>
    public static long Chars(
        sqlite3_stmt row,
        int ordinal,
        long dataOffset,
        char[]? buffer,
        int bufferOffset,
        int length
    )
    {
        ReadOnlySpan<byte> all = raw.sqlite3_column_blob(row, ordinal);
        if (all.Length == 0 && ColumnValue.IsNull(row, ordinal))
        {
            throw ColumnValue.IsNullError(ordinal);
        }

        if (buffer is null)
        {
            return Encoding.UTF8.GetCharCount(all);
        }

        Span<char> room = RoomIn(buffer, bufferOffset, length);
        string text = Encoding.UTF8.GetString(all);
        return dataOffset >= 0 && dataOffset <= text.Length
            ? Copy(text.AsSpan(), dataOffset, room)
            : throw new ArgumentOutOfRangeException(nameof(dataOffset), dataOffset, null);
    }

    private static int Copy<T>(ReadOnlySpan<T> all, long dataOffset, Span<T> room)
    {
        if (dataOffset < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(dataOffset), dataOffset, null);
        }

        if (dataOffset >= all.Length)
        {
            return 0;
        }

        ReadOnlySpan<T> part = all[(int)dataOffset..];
        part = part[..Math.Min(part.Length, room.Length)];
        part.CopyTo(room);
        return part.Length;
    }

    private static Span<T> RoomIn<T>(T[] buffer, int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset, "bufferOffset");
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, buffer.Length, "bufferOffset");
        return length <= buffer.Length - offset
            ? buffer.AsSpan(offset, length)
            : throw new ArgumentException(
                $"The buffer has no room for {length} at {offset}: it has a length of {buffer.Length}."
            );
    }
}
