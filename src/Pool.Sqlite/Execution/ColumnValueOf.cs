using System.Runtime.CompilerServices;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>
/// A column as a type that is known when the code is compiled: for value types the compiler keeps the one branch that
/// is meant, and nothing is boxed.
/// </summary>
internal static class ColumnValueOf
{
    public static T Read<T>(sqlite3_stmt row, int ordinal)
    {
        if (typeof(T) == typeof(int))
        {
            return As<int, T>(checked((int)ColumnValue.ToInt64(row, ordinal)));
        }
        if (typeof(T) == typeof(long))
        {
            return As<long, T>(ColumnValue.ToInt64(row, ordinal));
        }
        if (typeof(T) == typeof(bool))
        {
            return As<bool, T>(ColumnValue.ToInt64(row, ordinal) != 0);
        }
        if (typeof(T) == typeof(double))
        {
            return As<double, T>(ColumnValue.ToDouble(row, ordinal));
        }
        if (typeof(T) == typeof(float))
        {
            return As<float, T>((float)ColumnValue.ToDouble(row, ordinal));
        }
        if (typeof(T) == typeof(Half))
        {
            return As<Half, T>((Half)ColumnValue.ToDouble(row, ordinal));
        }
        if (typeof(T) == typeof(byte))
        {
            return As<byte, T>(checked((byte)ColumnValue.ToInt64(row, ordinal)));
        }
        if (typeof(T) == typeof(sbyte))
        {
            return As<sbyte, T>(checked((sbyte)ColumnValue.ToInt64(row, ordinal)));
        }
        if (typeof(T) == typeof(short))
        {
            return As<short, T>(checked((short)ColumnValue.ToInt64(row, ordinal)));
        }
        if (typeof(T) == typeof(ushort))
        {
            return As<ushort, T>(checked((ushort)ColumnValue.ToInt64(row, ordinal)));
        }
        if (typeof(T) == typeof(uint))
        {
            return As<uint, T>(checked((uint)ColumnValue.ToInt64(row, ordinal)));
        }
        if (typeof(T) == typeof(ulong))
        {
            return As<ulong, T>(unchecked((ulong)ColumnValue.ToInt64(row, ordinal)));
        }
        if (typeof(T) == typeof(char))
        {
            return As<char, T>(ColumnValue.ToChar(row, ordinal));
        }
        if (typeof(T) == typeof(DateTime))
        {
            return As<DateTime, T>(ColumnValue.ToDateTime(row, ordinal));
        }
        if (typeof(T) == typeof(DateTimeOffset))
        {
            return As<DateTimeOffset, T>(ColumnValue.ToDateTimeOffset(row, ordinal));
        }
        if (typeof(T) == typeof(DateOnly))
        {
            return As<DateOnly, T>(ColumnValue.ToDateOnly(row, ordinal));
        }
        if (typeof(T) == typeof(TimeOnly))
        {
            return As<TimeOnly, T>(ColumnValue.ToTimeOnly(row, ordinal));
        }
        if (typeof(T) == typeof(TimeSpan))
        {
            return As<TimeSpan, T>(ColumnValue.ToTimeSpan(row, ordinal));
        }
        if (typeof(T) == typeof(decimal))
        {
            return As<decimal, T>(ColumnValue.ToDecimal(row, ordinal));
        }
        if (typeof(T) == typeof(Guid))
        {
            return As<Guid, T>(ColumnValue.ToGuid(row, ordinal));
        }
        return ReadSpecial<T>(row, ordinal);
    }

    private static T ReadSpecial<T>(sqlite3_stmt row, int ordinal)
    {
        if (ColumnValue.IsNull(row, ordinal))
        {
            return typeof(T) == typeof(object) || typeof(T) == typeof(DBNull) ? (T)(object)DBNull.Value
                : Nullable.GetUnderlyingType(typeof(T)) is not null ? default!
                : default(T) is null ? throw ColumnValue.IsNullError(ordinal)
                : throw new InvalidCastException(
                    $"The value at ordinal {ordinal} is NULL, and {typeof(T)} has no null."
                );
        }

        if (typeof(T) == typeof(string))
        {
            return (T)(object)ColumnValue.ToText(row, ordinal);
        }
        if (typeof(T) == typeof(byte[]))
        {
            return (T)(object)ColumnValue.ToBytes(row, ordinal);
        }
        if (typeof(T) == typeof(ReadOnlyMemory<byte>))
        {
            return As<ReadOnlyMemory<byte>, T>(ColumnValue.ToBytes(row, ordinal));
        }
        if (typeof(T) == typeof(Memory<byte>))
        {
            return As<Memory<byte>, T>(ColumnValue.ToBytes(row, ordinal));
        }
        if (typeof(T) == typeof(int?))
        {
            return As<int?, T>(Read<int>(row, ordinal));
        }
        if (typeof(T) == typeof(long?))
        {
            return As<long?, T>(Read<long>(row, ordinal));
        }
        if (typeof(T) == typeof(bool?))
        {
            return As<bool?, T>(Read<bool>(row, ordinal));
        }
        if (typeof(T) == typeof(double?))
        {
            return As<double?, T>(Read<double>(row, ordinal));
        }
        if (typeof(T) == typeof(decimal?))
        {
            return As<decimal?, T>(Read<decimal>(row, ordinal));
        }
        if (typeof(T) == typeof(DateTime?))
        {
            return As<DateTime?, T>(Read<DateTime>(row, ordinal));
        }
        if (typeof(T) == typeof(Guid?))
        {
            return As<Guid?, T>(Read<Guid>(row, ordinal));
        }
        if (typeof(T).IsEnum)
        {
            return ReadEnum<T>(row, ordinal);
        }
        return (T)Boxed(row, ordinal, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T));
    }

    private static T ReadEnum<T>(sqlite3_stmt row, int ordinal) =>
        Type.GetTypeCode(typeof(T)) switch
        {
            TypeCode.Int32 => As<int, T>(Read<int>(row, ordinal)),
            TypeCode.Byte => As<byte, T>(Read<byte>(row, ordinal)),
            TypeCode.SByte => As<sbyte, T>(Read<sbyte>(row, ordinal)),
            TypeCode.Int16 => As<short, T>(Read<short>(row, ordinal)),
            TypeCode.UInt16 => As<ushort, T>(Read<ushort>(row, ordinal)),
            TypeCode.UInt32 => As<uint, T>(Read<uint>(row, ordinal)),
            TypeCode.UInt64 => As<ulong, T>(Read<ulong>(row, ordinal)),
            _ => As<long, T>(Read<long>(row, ordinal)),
        };

    private static object Boxed(sqlite3_stmt row, int ordinal, Type type)
    {
        if (type.IsEnum)
        {
            return type.GetEnumUnderlyingType() == typeof(ulong)
                ? Enum.ToObject(type, Read<ulong>(row, ordinal))
                : Enum.ToObject(type, Boxed(row, ordinal, type.GetEnumUnderlyingType()));
        }

        return Type.GetTypeCode(type) switch
        {
            TypeCode.Int32 => Read<int>(row, ordinal),
            TypeCode.Byte => Read<byte>(row, ordinal),
            TypeCode.SByte => Read<sbyte>(row, ordinal),
            TypeCode.Int16 => Read<short>(row, ordinal),
            TypeCode.UInt16 => Read<ushort>(row, ordinal),
            TypeCode.UInt32 => Read<uint>(row, ordinal),
            TypeCode.UInt64 => Read<ulong>(row, ordinal),
            TypeCode.Int64 => Read<long>(row, ordinal),
            TypeCode.Single => Read<float>(row, ordinal),
            TypeCode.Char => Read<char>(row, ordinal),
            _ when type == typeof(Half) => Read<Half>(row, ordinal),
            _ when type == typeof(DateTimeOffset) => Read<DateTimeOffset>(row, ordinal),
            _ when type == typeof(DateOnly) => Read<DateOnly>(row, ordinal),
            _ when type == typeof(TimeOnly) => Read<TimeOnly>(row, ordinal),
            _ when type == typeof(TimeSpan) => Read<TimeSpan>(row, ordinal),
            _ => ColumnValue.ToObject(row, ordinal),
        };
    }

    // The two are the same type, or an enum and the type underneath.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TTo As<TFrom, TTo>(TFrom value) => Unsafe.As<TFrom, TTo>(ref value);
}
