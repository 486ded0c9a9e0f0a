using System.Diagnostics;

namespace Pool.Sqlite.Diagnostics;

/// <summary>One command that is logged or traced.</summary>
internal sealed class CommandRecord(CommandReporter reporter, long start)
{
    private int _rowsRead;
    private bool _isOver;

    /// <summary>The span that it belongs to: when it ends, another may be the current one.</summary>
    public ActivityContext Parent { get; } = Activity.Current?.Context ?? default;

    /// <summary>Its text, without a value.</summary>
    public string Sql { get; set; } = "";

    public long Start => start;

    /// <summary>The type of what it failed with. (The message may quote a value.)</summary>
    public string? Failure { get; private set; }

    public void CountRow() => _rowsRead++;

    /// <summary>Notes that it failed. An exception filter: always false.</summary>
    public bool Fail(Exception failure)
    {
        Failure = failure.GetType().FullName;
        return false;
    }

    /// <summary>It is over. Counts once.</summary>
    /// <param name="rows">The rows that it has changed, or answered as a value.</param>
    public void End(int rows)
    {
        if (!_isOver)
        {
            _isOver = true;
            reporter.Report(this, Math.Max(_rowsRead, rows));
        }
    }
}
