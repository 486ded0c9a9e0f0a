using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Tests.Support;

/// <summary>Keeps what is logged, and can do something at the moment it is.</summary>
internal sealed class TestLog : ILoggerFactory, ILogger
{
    // What is wrong with the engine that the tests run on says nothing about the test.
    private const int EngineWarning = 17;

    private readonly ConcurrentQueue<LogEntry> _entries = new();

    /// <summary>Called on the thread that logs.</summary>
    public Action<LogEntry>? Written { get; set; }

    public LogEntry[] Entries => [.. _entries];

    public LogEntry[] Warnings =>
        [.. _entries.Where(entry => entry.Level >= LogLevel.Warning && entry.Id != EngineWarning)];

    /// <summary>Everything, exceptions included: where a secret must not be.</summary>
    public string Text => string.Join(Environment.NewLine, _entries.Select(entry => $"{entry.Text} {entry.Exception}"));

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Write(new LogEntry(logLevel, eventId.Id, formatter(state, exception), exception));

    public void Dispose()
    {
    }

    private void Write(LogEntry entry)
    {
        _entries.Enqueue(entry);
        Written?.Invoke(entry);
    }

    private sealed class Category(TestLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Write(new LogEntry(logLevel, eventId.Id, formatter(state, exception), exception) { Category = name });
    }
}

/// <summary>One line of a log.</summary>
internal sealed record LogEntry(LogLevel Level, int Id, string Text, Exception? Exception)
{
    public string? Category { get; init; }
}
