namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>Measures cases. The contenders of a case take turns, round by round, so that a machine which slows
/// down or speeds up meanwhile favours none of them.</summary>
internal sealed class Runner(Plan plan, CancellationToken stop)
{
    public CaseResult Run(Case @case)
    {
        var rounds = @case.Series.Select(_ => new List<Pass>()).ToArray();
        var latencies = @case.Series.Select(_ => new Histogram()).ToArray();
        var typical = @case.Series.Select(_ => new Histogram()).ToArray();
        WarmUp(@case);
        for (var round = 0; round < plan.Rounds; round++)
        {
            for (var i = 0; i < @case.Series.Count; i++)
            {
                using var crew = new Crew(@case.Series[i], @case.Threads);
                var pass = crew.Run(plan.MeasureFor(@case), stampEach: false, stop);
                rounds[i].Add(pass);
                typical[i].Add(pass.Latencies);
                latencies[i].Add(@case.Series[i].Tiny
                    ? crew.Run(plan.Latency, stampEach: true, stop).Latencies
                    : pass.Latencies);
            }
        }

        return new CaseResult(@case.Workload, @case.Threads,
            [.. @case.Series.Select((series, i) => Summarise(series, rounds[i], latencies[i], typical[i]))]);
    }

    private void WarmUp(Case @case)
    {
        if (@case.Warm)
        {
            return;
        }

        foreach (var series in @case.Series)
        {
            using var crew = new Crew(series, @case.Threads);
            crew.Run(plan.WarmUpFor(@case), stampEach: false, stop);
            if (series.Tiny)
            {
                crew.Run(plan.Latency / 2, stampEach: true, stop);
            }
        }
    }

    private static SeriesResult Summarise(Series series, List<Pass> rounds, Histogram latencies, Histogram typical)
    {
        var median = rounds.OrderBy(pass => pass.OperationsPerSecond).ElementAt(rounds.Count / 2);
        return new SeriesResult(
            series.Name,
            series.Role,
            median.OperationsPerSecond,
            median.OperationsPerSecond > 0 ? 1e9 / median.OperationsPerSecond : 0,
            latencies.Percentile(0.50),
            latencies.Percentile(0.99),
            latencies.Worst,
            typical.Percentile(0.50),
            median.BytesPerOperation,
            series.Tiny,
            rounds.Sum(pass => pass.Operations),
            rounds.Sum(pass => pass.Errors),
            rounds.Find(pass => pass.FirstError is not null)?.FirstError,
            [.. rounds.Select(pass => pass.OperationsPerSecond)]);
    }
}
