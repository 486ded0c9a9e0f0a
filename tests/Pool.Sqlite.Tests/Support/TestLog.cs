using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Tests.Support;

/// <summary>Keeps what is logged, and can do something at the moment it is.</summary>
internal sealed class TestLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<LogEntry> _entries = new();

    /// <summary>Called on the thread that logs.</summary>
    public Action<LogEntry>? Written { get; set; }

    public LogEntry[] Entries => [.. _entries];

    public LogEntry[] Warnings => [.. _entries.Where(entry => entry.Level >= LogLevel.Warning)];

    /// <summary>Everything, exceptions included: where a secret must not be.</summary>
    public string Text => string.Join(Environment.NewLine, _entries.Select(entry => $"{entry.Text} {entry.Exception}"));

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        LogEntry entry = new(logLevel, eventId.Id, formatter(state, exception), exception);
        _entries.Enqueue(entry);
        Written?.Invoke(entry);
    }

    public void Dispose()
    {
    }
}

/// <summary>One line of a log.</summary>
internal sealed record LogEntry(LogLevel Level, int Id, string Text, Exception? Exception);
