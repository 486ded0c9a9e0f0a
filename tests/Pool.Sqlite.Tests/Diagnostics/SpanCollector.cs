using System.Collections.Concurrent;
using System.Diagnostics;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>Listens to an activity source, and keeps the spans of one pool.</summary>
internal sealed class SpanCollector : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<Activity> _spans = new();

    public SpanCollector(string pool, string source = "Pool.Sqlite")
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = each => each.Name == source,
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
