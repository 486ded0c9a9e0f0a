using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// A logger that never throws: it is called between taking the write gate or a permit and giving it back, and what goes
/// wrong in somebody's log must not keep those.
/// </summary>
internal sealed class QuietLogger(ILogger inner) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
#pragma warning disable CA1031 // There is nobody left to tell.
        catch
#pragma warning restore CA1031
        {
        }
    }
}
