using Microsoft.Extensions.Logging;
using Pool.Sqlite.Diagnostics.Records;

namespace Pool.Sqlite.Diagnostics;

/// <summary>
/// Logs the commands of one pool, warns of slow ones, and makes a span for each, where that is asked for. While it is
/// not, no clock is read and nothing is made.
/// </summary>
internal sealed class CommandReporter(
    string name,
    QuietLogger logger,
    PoolTracing tracing,
    TimeSpan slowThreshold,
    TimeProvider time
)
{
    private const int LongestText = 4_000;

    private readonly bool _warnsOfSlow = slowThreshold != Timeout.InfiniteTimeSpan;

    /// <summary>Of a command that begins; null when there is nothing to be told of it.</summary>
    public CommandRecord? Begin() =>
        _warnsOfSlow || PoolTracing.TracesCommands || logger.IsEnabled(LogLevel.Debug)
            ? new CommandRecord(this, time.GetTimestamp())
            : null;

    public void Report(CommandRecord command, int rows)
    {
        TimeSpan duration = time.GetElapsedTime(command.Start);
        double milliseconds = Math.Round(duration.TotalMilliseconds, 3);
        string sql = command.Sql.Length <= LongestText ? command.Sql : $"{command.Sql[..LongestText]}…";
        tracing.CommandEnded(sql, duration, rows, command.Failure, command.Parent);
        if (command.Failure is { } failure)
        {
            logger.CommandFailed(name, milliseconds, failure, sql);
        }
        else
        {
            logger.CommandRan(name, milliseconds, rows, sql);
        }

        if (_warnsOfSlow && duration >= slowThreshold)
        {
            logger.SlowCommand(name, milliseconds, rows, sql);
        }
    }
}
