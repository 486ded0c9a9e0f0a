using System.Numerics;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>Latencies in nanoseconds, counted in steps of at most 1.6 %: small, and nothing is allocated to record
/// one.</summary>
internal sealed class Histogram
{
    private const int StepBits = 6;
    private const int Steps = 1 << StepBits;

    private readonly long[] _counts = new long[(64 - StepBits) << StepBits];

    public long Count { get; private set; }

    /// <summary>The longest, exact.</summary>
    public long Worst { get; private set; }

    public void Record(long nanoseconds)
    {
        var value = Math.Max(0, nanoseconds);
        _counts[IndexOf(value)]++;
        Count++;
        if (value > Worst)
        {
            Worst = value;
        }
    }

    public void Add(Histogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        Worst = Math.Max(Worst, other.Worst);
    }

    /// <summary>The value that <paramref name="share"/> of all records do not exceed; 0 when there is none.</summary>
    public long Percentile(double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Min(Worst, MiddleOf(i));
            }
        }

        return Worst;
    }

    // Below 64 ns every nanosecond has its own counter; above, every octave is divided into 64.
    private static int IndexOf(long value)
    {
        if (value < Steps)
        {
            return (int)value;
        }

        var shift = BitOperations.Log2((ulong)value) - StepBits;
        return ((shift + 1) << StepBits) + (int)((value >> shift) & (Steps - 1));
    }

    private static long MiddleOf(int index)
    {
        if (index < Steps)
        {
            return index;
        }

        var shift = (index >> StepBits) - 1;
        return ((long)(Steps + (index & (Steps - 1))) << shift) + ((1L << shift) >> 1);
    }
}
