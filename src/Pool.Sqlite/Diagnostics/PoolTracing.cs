using System.Diagnostics;

namespace Pool.Sqlite.Diagnostics;

/// <summary>The spans of one pool: a rent that waited, and a batch of writes. Without a listener nothing is made.</summary>
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
        using Span span = new(() => Source.StartActivity(
            "rent", ActivityKind.Internal, parentContext: default, [Pool, Engine, new("pool.sqlite.outcome", outcome)], startTime: end - waited));
        if (!served)
        {
            span.Fail(outcome);
        }

        span.EndAt(end);
    }

    /// <summary>The span of a batch: dispose it after the COMMIT. Nothing without a listener.</summary>
    public Span StartBatch() => Source.HasListeners()
        ? new Span(() => Source.StartActivity("batch", ActivityKind.Internal, parentContext: default, [Pool, Engine]))
        : default;

    /// <summary>Notes how the batch ended.</summary>
    /// <param name="batch">What <see cref="StartBatch"/> answered.</param>
    /// <param name="items">How many writes it had.</param>
    /// <param name="failure">Why it was not committed, if it was not.</param>
    public static void EndBatch(Span batch, int items, Exception? failure = null)
    {
        batch.Tag("pool.sqlite.batch.size", items);
        if (failure is not null)
        {
            // Its type alone: a message may quote a value.
            batch.Fail(failure.GetType().FullName);
        }
    }

    private static KeyValuePair<string, object?> Engine => new("db.system.name", System);

    private KeyValuePair<string, object?> Pool => new(PoolMeter.PoolNameAttribute, name);

    /// <summary>
    /// An activity, if there is a listener. Listeners are foreign code: an exception of theirs must not reach the caller.
    /// </summary>
    internal readonly struct Span : IDisposable
    {
        private readonly Activity? _activity;

        public Span(Func<Activity?> start)
        {
            try
            {
                _activity = start();
            }
#pragma warning disable CA1031 // An exception of a listener cannot be reported.
            catch
#pragma warning restore CA1031
            {
                _activity = null;
            }
        }

        public void Tag(string key, object? value) => _activity?.SetTag(key, value);

        public void Fail(string? type)
        {
            _activity?.SetStatus(ActivityStatusCode.Error);
            _activity?.SetTag("error.type", type);
        }

        public void EndAt(DateTimeOffset end) => _activity?.SetEndTime(end.UtcDateTime);

        public void Dispose()
        {
            try
            {
                _activity?.Dispose();
            }
#pragma warning disable CA1031 // An exception of a listener cannot be reported.
            catch
#pragma warning restore CA1031
            {
            }
        }
    }
}
