using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Pool.Sqlite.Tests.Support;

/// <summary>Keeps what is logged, and can do something at the moment it is.</summary>
internal sealed class TestLog : ILoggerFactory
{
    // A fault of the engine that the tests run on says nothing about the test.
    private const int EngineWarning = 17;

    private readonly FakeLogCollector _collector;
    private readonly FakeLoggerProvider _provider;

    public TestLog()
    {
        // The formatter of the output is the one place that is given each record as it comes.
        _collector = FakeLogCollector.Create(
            new FakeLogCollectorOptions
            {
                OutputFormatter = record =>
                {
                    Written?.Invoke(new LogEntry(record));
                    return "";
                },
                OutputSink = static _ => { },
            }
        );
        _provider = new FakeLoggerProvider(_collector);
    }

    /// <summary>Called on the thread that logs.</summary>
    public Action<LogEntry>? Written { get; set; }

    public LogEntry[] Entries => [.. _collector.GetSnapshot().Select(static record => new LogEntry(record))];

    public LogEntry[] Warnings =>
        [.. Entries.Where(static entry => entry.Level >= LogLevel.Warning && entry.Id != EngineWarning)];

    /// <summary>Everything, exceptions included: where a secret must not be.</summary>
    public string Text =>
        string.Join(Environment.NewLine, Entries.Select(static entry => $"{entry.Text} {entry.Exception}"));

    public ILogger CreateLogger(string categoryName) => _provider.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose() => _provider.Dispose();
}

/// <summary>One line of a log.</summary>
internal sealed record LogEntry(LogLevel Level, int Id, string Text, Exception? Exception, string? Category)
{
    public LogEntry(FakeLogRecord record)
        : this(record.Level, record.Id.Id, record.Message, record.Exception, record.Category) { }
}
