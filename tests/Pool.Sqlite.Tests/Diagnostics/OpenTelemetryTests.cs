using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>The meter and the spans as the OpenTelemetry SDK collects them.</summary>
[Collection(nameof(MeterCollector))]
public sealed class OpenTelemetryTests : DiagnosticsTest
{
    // The meter is the process's. Another test may have ten thousand pools at this moment, and what is beyond the
    // SDK's own limit, 2,000, is summed up without names.
    private const int MorePoolsThanTestsMake = 20_000;

    [Fact]
    public async Task Its_metrics_are_exported()
    {
        MetricKeeper kept = new(Name);
        using MeterProvider provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter("Pool.Sqlite")
            .AddView(static _ => new MetricStreamConfiguration { CardinalityLimit = MorePoolsThanTestsMake })
            .AddReader(new BaseExportingMetricReader(kept))
            .Build();
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(3));
        only.Dispose();
        using SqlitePoolConnection second = await waiting.Limited();

        Assert.True(provider.ForceFlush());

        Assert.Equal(1, kept.Values["db.client.connection.count used"]);
        Assert.Equal(0, kept.Values["db.client.connection.count idle"]);
        Assert.Equal(1, kept.Values["db.client.connection.max"]);
        Assert.Equal(3, kept.Values["db.client.connection.wait_time"]);
        Assert.Equal(3, kept.Values["db.client.connection.use_time"]);
        Assert.Equal(1, kept.Values["pool.sqlite.hits"]);
        Assert.Equal(1, kept.Values["pool.sqlite.misses"]);
    }

    [Fact]
    public async Task Its_spans_are_exported_below_that_of_the_caller()
    {
        SpanKeeper kept = new();
        using ActivitySource caller = new(Name);
        using TracerProvider provider = Sdk.CreateTracerProviderBuilder()
            .AddSource("Pool.Sqlite", Name)
            .AddProcessor(new SimpleActivityExportProcessor(kept))
            .Build();
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        ActivitySpanId? parent;
        using (Activity? request = caller.StartActivity("request"))
        {
            parent = request?.SpanId;
            SqlitePoolConnection only = await pool.RentAsync();
            Task<SqlitePoolConnection> waiting = Waiting(pool);
            only.Dispose();
            (await waiting.Limited()).Dispose();
        }

        Activity span = Assert.Single(
            kept.Spans,
            span => Equals(span.GetTagItem("db.client.connection.pool.name"), Name)
        );
        Assert.Equal("rent", span.DisplayName);
        Assert.Equal(parent, span.ParentSpanId);
    }

    private sealed class MetricKeeper(string pool) : BaseExporter<Metric>
    {
        /// <summary>By name and state; of a histogram the sum.</summary>
        public Dictionary<string, double> Values { get; } = [];

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (Metric metric in batch)
            {
                foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
                {
                    Keep(metric, in point);
                }
            }

            return ExportResult.Success;
        }

        private void Keep(Metric metric, ref readonly MetricPoint point)
        {
            string key = metric.Name;
            bool isOurs = false;
            foreach ((string tag, object? value) in point.Tags)
            {
                isOurs |= Equals(value, pool);
                key = tag == "db.client.connection.state" ? $"{key} {value}" : key;
            }

            if (isOurs)
            {
                Values[key] = metric.MetricType switch
                {
                    MetricType.Histogram => point.GetHistogramSum(),
                    MetricType.LongGauge => point.GetGaugeLastValueLong(),
                    _ => point.GetSumLong(),
                };
            }
        }
    }

    private sealed class SpanKeeper : BaseExporter<Activity>
    {
        private readonly List<Activity> _spans = [];

        public IReadOnlyList<Activity> Spans
        {
            get
            {
                lock (_spans)
                {
                    return [.. _spans];
                }
            }
        }

        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (Activity span in batch)
            {
                lock (_spans)
                {
                    _spans.Add(span);
                }
            }

            return ExportResult.Success;
        }
    }
}
