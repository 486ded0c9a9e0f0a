using System.Numerics;

namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>
/// Counts durations in buckets of at most 1/8 of their value, without a lock. Percentiles are the upper end of their
/// bucket: never less than the truth, at most 12.5 % or one microsecond more.
/// </summary>
internal sealed class DurationHistogram
{
    private const int SubBits = 3;
    private const int SubCount = 1 << SubBits;

    // Microseconds up to 2^43: a hundred days.
    private const int BucketCount = (43 - SubBits + 1) * SubCount;

    // 2.6 kB, from the first duration on: many pools never have one to record.
    private long[]? _buckets;
    private long _count;
    private long _totalTicks;
    private long _maxTicks;

    public void Record(TimeSpan duration)
    {
        long ticks = Math.Max(0, duration.Ticks);
        long[] buckets = Volatile.Read(ref _buckets) ?? MakeBuckets();
        Interlocked.Increment(ref buckets[Math.Min(IndexOf(ticks / TimeSpan.TicksPerMicrosecond), BucketCount - 1)]);
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _totalTicks, ticks);
        for (long max = Volatile.Read(ref _maxTicks); ticks > max; max = Volatile.Read(ref _maxTicks))
        {
            Interlocked.CompareExchange(ref _maxTicks, ticks, max);
        }
    }

    public DurationSummary Summarize()
    {
        TimeSpan max = new(Volatile.Read(ref _maxTicks));
        return new DurationSummary(
            Volatile.Read(ref _count),
            new TimeSpan(Volatile.Read(ref _totalTicks)),
            Percentile(0.5, max),
            Percentile(0.99, max),
            max
        );
    }

    private long[] MakeBuckets()
    {
        long[] fresh = new long[BucketCount];
        return Interlocked.CompareExchange(ref _buckets, fresh, null) ?? fresh;
    }

    private TimeSpan Percentile(double fraction, TimeSpan max)
    {
        if (Volatile.Read(ref _buckets) is not { } counts)
        {
            return TimeSpan.Zero;
        }

        // A copy, so that the sum and the search see the same: of 2.6 kB, so on the stack.
        Span<long> buckets = stackalloc long[BucketCount];
        counts.CopyTo(buckets);
        long count = 0;
        foreach (long bucket in buckets)
        {
            count += bucket;
        }

        long rank = (long)Math.Ceiling(count * fraction);
        long seen = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            seen += buckets[i];
            if (seen >= rank && seen > 0)
            {
                TimeSpan upper = TimeSpan.FromMicroseconds(UpperEnd(i));
                return upper < max ? upper : max;
            }
        }

        return TimeSpan.Zero;
    }

    // Below 8 each value has its bucket; above, the leading bit picks the group and the next three bits the bucket.
    private static int IndexOf(long micros)
    {
        if (micros < SubCount)
        {
            return (int)micros;
        }

        int shift = BitOperations.Log2((ulong)micros) - SubBits;
        return ((shift + 1) << SubBits) + (int)((micros >> shift) & (SubCount - 1));
    }

    private static long UpperEnd(int index)
    {
        if (index < SubCount)
        {
            return index + 1;
        }

        int shift = (index >> SubBits) - 1;
        return ((long)((index & (SubCount - 1)) + SubCount + 1)) << shift;
    }
}
