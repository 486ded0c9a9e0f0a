using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>A statement that takes long, which a token can stop.</summary>
internal static class StoppableWork
{
    /// <summary>Runs it on this thread.</summary>
    /// <param name="interrupt">Of the connection that it uses.</param>
    /// <param name="work">Runs statements on that connection.</param>
    /// <param name="cancellationToken">Stops what is running.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static T Run<T>(ExecutionInterrupt interrupt, Func<T> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long execution = interrupt.NewExecution();
        using ExecutionInterrupt.Scope scope = interrupt.Begin(execution, long.MaxValue, cancellationToken);
        try
        {
            return work();
        }
        catch (SqliteException e)
            when (e.SqliteErrorCode == raw.SQLITE_INTERRUPT && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
    }
}
