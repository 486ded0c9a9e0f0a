using System.Collections.Concurrent;
using System.Diagnostics;

namespace Pool.Sqlite.Tests.Seeing;

/// <summary>Listens to the activity source, and keeps the spans of one pool.</summary>
internal sealed class SpanEar : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<Activity> _spans = new();

    public SpanEar(string pool)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Pool.Sqlite",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (Equals(span.GetTagItem("db.client.connection.pool.name"), pool))
                {
                    _spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public Activity[] Spans => [.. _spans];

    public void Dispose() => _listener.Dispose();
}
