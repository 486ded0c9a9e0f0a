using Pool.Sqlite.Diagnostics;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class DurationHistogramTests
{
    private readonly DurationHistogram _histogram = new();

    [Fact]
    public void Nothing_recorded_is_all_zero()
    {
        Assert.Equal(default, _histogram.Summarize());
        Assert.Equal(TimeSpan.Zero, _histogram.Summarize().Mean);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(25)]
    [InlineData(12_345)]
    [InlineData(10_000_000)]
    [InlineData(864_000_000_000)]
    public void One_alone_is_known_exactly(long ticks)
    {
        TimeSpan only = new(ticks);
        _histogram.Record(only);

        Assert.Equal(new DurationSummary(1, only, only, only, only), _histogram.Summarize());
    }

    [Fact]
    public void Count_total_and_max_are_exact()
    {
        Random random = new(1);
        TimeSpan[] times = [.. Enumerable.Range(0, 1000).Select(_ => new TimeSpan(random.NextInt64(10_000_000)))];
        Array.ForEach(times, _histogram.Record);

        DurationSummary summary = _histogram.Summarize();

        Assert.Equal((1000, times.Max()), (summary.Count, summary.Max));
        Assert.Equal(times.Sum(time => time.Ticks), summary.Total.Ticks);
        Assert.Equal(summary.Total / 1000, summary.Mean);
    }

    [Fact]
    public void Percentiles_are_never_too_low_and_an_eighth_too_high_at_most()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            DurationHistogram histogram = new();
            Random random = new(seed);

            // From 8 microseconds to a day, each order of magnitude as likely as any other.
            TimeSpan[] times =
            [
                .. Enumerable
                    .Range(0, 1 + random.Next(500))
                    .Select(_ => TimeSpan.FromMicroseconds(8 * Math.Pow(10, random.NextDouble() * 10)))
                    .Order(),
            ];
            Array.ForEach(times, histogram.Record);

            DurationSummary summary = histogram.Summarize();

            AssertNear(At(times, 0.5), summary.P50);
            AssertNear(At(times, 0.99), summary.P99);
        }
    }

    [Fact]
    public void Each_bucket_keeps_the_promise_at_both_of_its_ends()
    {
        for (long micros = 8; micros < 1L << 42; micros += Math.Max(1, micros / 16))
        {
            foreach (long ticks in (long[])[micros * 10, (micros * 10) + 9])
            {
                DurationHistogram histogram = new();
                histogram.Record(new TimeSpan(ticks));
                histogram.Record(TimeSpan.FromDays(99));

                AssertNear(new TimeSpan(ticks), histogram.Summarize().P50);
            }
        }
    }

    [Fact]
    public void Below_eight_microseconds_they_are_up_to_one_too_high()
    {
        for (long ticks = 0; ticks < 80; ticks++)
        {
            DurationHistogram histogram = new();
            histogram.Record(new TimeSpan(ticks));
            histogram.Record(TimeSpan.FromDays(1));

            Assert.InRange(histogram.Summarize().P50.Ticks, ticks, ticks + 10);
        }
    }

    [Fact]
    public void A_negative_duration_counts_as_none()
    {
        _histogram.Record(TimeSpan.FromSeconds(-1));

        DurationSummary summary = _histogram.Summarize();
        Assert.Equal((1, TimeSpan.Zero, TimeSpan.Zero), (summary.Count, summary.Total, summary.Max));
    }

    [Fact]
    public void Even_the_longest_can_be_recorded()
    {
        _histogram.Record(TimeSpan.MaxValue);

        Assert.Equal(TimeSpan.MaxValue, _histogram.Summarize().Max);
    }

    [Fact]
    public async Task Recording_from_many_threads_loses_nothing()
    {
        await Task.WhenAll(
            Enumerable
                .Range(1, 4)
                .Select(worker =>
                    Task.Run(() =>
                    {
                        for (int i = 0; i < 20_000; i++)
                        {
                            _histogram.Record(TimeSpan.FromMilliseconds(worker));
                        }
                    })
                )
        );

        DurationSummary summary = _histogram.Summarize();
        Assert.Equal((80_000, TimeSpan.FromSeconds(200)), (summary.Count, summary.Total));
        Assert.Equal(TimeSpan.FromMilliseconds(4), summary.Max);
        AssertNear(TimeSpan.FromMilliseconds(2), summary.P50);
    }

    /// <summary>The smallest of them that so many do not exceed.</summary>
    private static TimeSpan At(TimeSpan[] sorted, double fraction) =>
        sorted[(int)Math.Ceiling(sorted.Length * fraction) - 1];

    private static void AssertNear(TimeSpan truth, TimeSpan told) => Assert.InRange(told, truth, truth * 1.125);
}
