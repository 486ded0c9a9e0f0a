using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Pool.Sqlite.Tool.Copying;

/// <summary>
/// The number of rows and a checksum over all their values: the sum of a hash of each row. A sum does not depend on the
/// order, so it needs no sorting, and collations that sort differently do not matter; unlike an exclusive or, it
/// notices a row that is there twice.
/// </summary>
internal sealed class TableChecksum : IDisposable
{
    private readonly IncrementalHash _row = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ulong[] _sum = new ulong[SHA256.HashSizeInBytes / sizeof(ulong)];

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    public void Dispose() => _row.Dispose();

    /// <summary>Adds the next value of the row.</summary>
    /// <param name="value">In the form that <see cref="ValueConverter"/> gives it; null for NULL.</param>
    public void Add(object? value)
    {
        if (value is null)
        {
            _row.AppendData([0]);
            return;
        }

        byte[] bytes = value as byte[] ?? Encoding.UTF8.GetBytes(Text(value));
        Span<byte> length = stackalloc byte[1 + sizeof(int)];
        length[0] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(length[1..], bytes.Length);
        _row.AppendData(length);
        _row.AppendData(bytes);
    }

    /// <summary>The row is complete.</summary>
    public void EndRow()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        _row.GetHashAndReset(hash);
        for (int i = 0; i < _sum.Length; i++)
        {
            unchecked
            {
                _sum[i] += BinaryPrimitives.ReadUInt64LittleEndian(hash[(i * sizeof(ulong))..]);
            }
        }

        Rows++;
    }

    public bool Matches(TableChecksum other) => Rows == other.Rows && _sum.AsSpan().SequenceEqual(other._sum);

    private static string Text(object value) =>
        value switch
        {
            bool flag => flag ? "true" : "false",
            double number => BitConverter.DoubleToInt64Bits(number).ToString(CultureInfo.InvariantCulture),
            float number => BitConverter.SingleToInt32Bits(number).ToString(CultureInfo.InvariantCulture),

            // 1.50 and 1.5 are the same to PostgreSQL; dividing by a one with all digits drops the zeros.
            decimal number => (number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture),
            DateTime time => time.Ticks.ToString(CultureInfo.InvariantCulture),
            DateOnly date => date.DayNumber.ToString(CultureInfo.InvariantCulture),
            TimeOnly time => time.Ticks.ToString(CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
}
