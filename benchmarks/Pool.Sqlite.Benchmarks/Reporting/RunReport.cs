using Pool.Sqlite.Benchmarks.Measuring;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>Everything one run found out: what the table, the JSON and the chart are made of.</summary>
/// <param name="Quotable">False for a smoke run, whose figures mean nothing.</param>
/// <param name="Settings">By contender, what was in force on its connections; more than one line means they
/// differed.</param>
internal sealed record RunReport(
    string Title,
    bool Quotable,
    DateTimeOffset Started,
    double Seconds,
    Surroundings Surroundings,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Settings,
    IReadOnlyList<CaseResult> Cases,
    WaiterResult? Waiters,
    IReadOnlyList<WriterComparison> Writers,
    QueueResult? Queue,
    TwoProcessesResult? TwoProcesses,
    IReadOnlyList<Target> Targets);
