using System.Diagnostics;

namespace Pool.Sqlite.Diagnostics;

/// <summary>The spans of one pool: a rent that waited, and a batch of writes. Nothing is made while nobody listens.</summary>
internal sealed class PoolTracing(string name, TimeProvider time)
{
    public const string SourceName = "Pool.Sqlite";

    private const string System = "sqlite";
    private static readonly ActivitySource Source = new(SourceName, typeof(PoolTracing).Assembly.GetName().Version?.ToString(3));

    /// <summary>
    /// The span of a rent's wait, made when that is over: nothing happens inside it, and a rent that need not wait has none.
    /// </summary>
    /// <param name="waited">How long it was.</param>
    /// <param name="outcome">How it ended, in a word.</param>
    /// <param name="served">False when the rent got nothing.</param>
    public void RentWaited(TimeSpan waited, string outcome, bool served)
    {
        if (!Source.HasListeners())
        {
            return;
        }

        DateTimeOffset end = time.GetUtcNow();
        using Activity? span = Source.StartActivity(
            "rent", ActivityKind.Internal, parentContext: default, [Pool, Engine, new("pool.sqlite.outcome", outcome)], startTime: end - waited);
        if (span is not null && !served)
        {
            span.SetStatus(ActivityStatusCode.Error);
            span.SetTag("error.type", outcome);
        }

        span?.SetEndTime(end.UtcDateTime);
    }

    /// <summary>The span of a batch: dispose it after the COMMIT. Null while nobody listens.</summary>
    public Activity? StartBatch() => Source.HasListeners()
        ? Source.StartActivity("batch", ActivityKind.Internal, parentContext: default, [Pool, Engine])
        : null;

    /// <summary>Notes how the batch ended. Does nothing for null.</summary>
    /// <param name="batch">What <see cref="StartBatch"/> answered.</param>
    /// <param name="items">How many writes it had.</param>
    /// <param name="failure">Why it was not committed, if it was not.</param>
    public static void EndBatch(Activity? batch, int items, Exception? failure = null)
    {
        batch?.SetTag("pool.sqlite.batch.size", items);
        if (failure is not null)
        {
            // Its type alone: a message may quote what somebody wanted to store.
            batch?.SetStatus(ActivityStatusCode.Error);
            batch?.SetTag("error.type", failure.GetType().FullName);
        }
    }

    private static KeyValuePair<string, object?> Engine => new("db.system.name", System);

    private KeyValuePair<string, object?> Pool => new(PoolMeter.PoolNameAttribute, name);
}
