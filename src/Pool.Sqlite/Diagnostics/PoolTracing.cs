using System.Diagnostics;

namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// The spans of one pool: a rent that waited, a batch of writes, a command. Without a listener nothing is made.
/// </summary>
internal sealed class PoolTracing(string name, TimeProvider time)
{
    public const string SourceName = "Pool.Sqlite";

    /// <summary>Of a source of its own: a span for each command is only for those that ask for it.</summary>
    public const string CommandSourceName = "Pool.Sqlite.Command";

    private const string System = "sqlite";
    private static readonly string? Version = typeof(PoolTracing).Assembly.GetName().Version?.ToString(3);
    private static readonly ActivitySource Source = new(SourceName, Version);
    private static readonly ActivitySource CommandSource = new(CommandSourceName, Version);

    /// <summary>True while there is a listener for commands.</summary>
    public static bool TracesCommands => CommandSource.HasListeners();

    /// <summary>
    /// The span of a rent's wait, made when that is over: nothing happens inside it, and a rent that need not wait has
    /// none.
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
        using Span span = new(() =>
            Source.StartActivity(
                "rent",
                ActivityKind.Internal,
                parentContext: default,
                [Pool, Engine, new("pool.sqlite.outcome", outcome)],
                startTime: end - waited
            )
        );
        if (!served)
        {
            span.Fail(outcome);
        }

        span.EndAt(end);
    }

    /// <summary>The span of a batch: dispose it after the COMMIT. Nothing without a listener.</summary>
    public Span StartBatch() =>
        Source.HasListeners()
            ? new Span(() =>
                Source.StartActivity("batch", ActivityKind.Internal, parentContext: default, [Pool, Engine])
            )
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

    /// <summary>
    /// The span of a command, made when that is over: a reader may end in another flow than it began in.
    /// </summary>
    /// <param name="sql">Its text.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="rows">How many it has read or changed.</param>
    /// <param name="failure">The type of what it failed with, if it did.</param>
    /// <param name="parent">The span in which it began.</param>
    public void CommandEnded(string sql, TimeSpan duration, int rows, string? failure, ActivityContext parent)
    {
        if (!TracesCommands)
        {
            return;
        }

        DateTimeOffset end = time.GetUtcNow();
        using Span span = new(() =>
            CommandSource.StartActivity(
                "command",
                ActivityKind.Client,
                parent,
                [Pool, Engine, new("db.query.text", sql), new("pool.sqlite.rows", rows)],
                startTime: end - duration
            )
        );
        if (failure is not null)
        {
            span.Fail(failure);
        }

        span.EndAt(end);
    }

    private static KeyValuePair<string, object?> Engine => new("db.system.name", System);

    private KeyValuePair<string, object?> Pool => new(PoolMeter.PoolNameAttribute, name);

    /// <summary>
    /// An activity, if there is a listener. Listeners are foreign code: an exception of theirs must not reach the
    /// caller.
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
            // An exception of a listener cannot be reported.
            catch
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
            // An exception of a listener cannot be reported.
            catch { }
        }
    }
}
