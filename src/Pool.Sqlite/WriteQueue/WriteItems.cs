namespace Pool.Sqlite.WriteQueue;

/// <summary>An item whose caller awaits it.</summary>
internal abstract class AwaitedItem<T>(WriteCounters counters) : WriteItem(counters)
{
    // What follows in the callers must not run in the loop of the queue.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    protected T? Result { get; set; }

    protected override void OnSuccess() => _completion.SetResult(Result!);

    protected override void OnFailure(Exception exception) => _completion.SetException(exception);

    protected override void SetCancelled(CancellationToken token) => _completion.SetCanceled(token);
}

/// <summary>A function on the writer connection.</summary>
internal sealed class FunctionItem<T>(WriteCounters counters, Func<SqlitePoolConnection, T> work)
    : AwaitedItem<T>(counters)
{
    public override void Run(WriteItemExecutor runner) => Result = runner.Call(work);
}

/// <inheritdoc cref="FunctionItem{T}"/>
internal sealed class ActionItem(WriteCounters counters, Action<SqlitePoolConnection> work)
    : AwaitedItem<bool>(counters)
{
    public override void Run(WriteItemExecutor runner) => runner.Call(work);
}

/// <summary>One statement.</summary>
internal sealed class StatementItem(WriteCounters counters, string sql, IReadOnlyList<object?> values)
    : AwaitedItem<int>(counters)
{
    public override void Run(WriteItemExecutor runner) => Result = runner.Execute(sql, values, Token);
}

/// <summary>Marks a place: when it is settled, all that came before is.</summary>
internal sealed class FlushItem(WriteCounters counters) : AwaitedItem<bool>(counters)
{
    public override bool Writes => false;

    public override void Run(WriteItemExecutor runner) { }
}

/// <summary>An item that is not awaited.</summary>
internal abstract class PostedItem(WriteCounters counters, SqlitePoolWriteQueue queue) : WriteItem(counters)
{
    protected virtual string? Sql => null;

    protected override void OnSuccess() { }

    protected override void OnFailure(Exception exception)
    {
        Counters.NotePostFailure();
        queue.OnPostFailed(exception, Sql);
    }

    protected override void SetCancelled(CancellationToken token) { }
}

internal sealed class PostedAction(
    WriteCounters counters,
    SqlitePoolWriteQueue queue,
    Action<SqlitePoolConnection> work
) : PostedItem(counters, queue)
{
    public override void Run(WriteItemExecutor runner) => runner.Call(work);
}

internal sealed class PostedStatement(
    WriteCounters counters,
    SqlitePoolWriteQueue queue,
    string sql,
    IReadOnlyList<object?> values
) : PostedItem(counters, queue)
{
    protected override string Sql => sql;

    public override void Run(WriteItemExecutor runner) => runner.Execute(sql, values, CancellationToken.None);
}
