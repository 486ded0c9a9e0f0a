using HdrHistogram;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>Measures cases. The contestants of a case take turns, round by round, so that a machine which slows down or
/// speeds up meanwhile favours none of them.</summary>
internal sealed class Runner(Effort effort, SampleDatabase databases, Calm calm, CancellationToken stop)
{
    public Effort Effort => effort;

    public SampleDatabase Databases => databases;

    public CancellationToken Stop => stop;

    public CaseResult Measure(Case @case) => WithThreads(@case, () => @case.Measure(this));

    /// <summary>Runs one contestant over and over, and tells each pass.</summary>
    public void Watch(Case @case, Contestant contestant, Func<bool> goOn, Action<Sample> tell) =>
        WithThreads(
            @case,
            () =>
            {
                using Work work = contestant.Create(contestant.Writes ? databases.CopyEmpty() : databases.Copy());
                work.WarmUp(effort.For(@case.WarmUp), stop);
                do
                {
                    tell(work.Run(effort, stop));
                } while (goOn());

                return true;
            }
        );

    public (IReadOnlyList<SeriesResult> Series, IReadOnlyList<string> Faults) Compete(Contest contest)
    {
        string[] files = contest
            .Contestants.Select(one => one.Writes ? databases.CopyEmpty() : databases.Copy())
            .ToArray();
        List<Work> works = new();
        try
        {
            foreach ((Contestant? contestant, string? file) in contest.Contestants.Zip(files))
            {
                works.Add(contestant.Create(file));
                works[^1].WarmUp(effort.For(contest.WarmUp), stop);
            }

            List<Sample>[] samples = Rounds(works);
            SeriesResult[] series = contest
                .Contestants.Select((one, i) => Summarise(one.Role, works[i], samples[i]))
                .ToArray();
            return (series, [.. Faults(contest, works, series)]);
        }
        finally
        {
            works.ForEach(work => work.Dispose());
            Array.ForEach(files, SampleDatabase.Delete);
        }
    }

    private static T WithThreads<T>(Case @case, Func<T> run)
    {
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, @case.MinimumThreads), ports);
        try
        {
            return run();
        }
        finally
        {
            ThreadPool.SetMinThreads(workers, ports);
        }
    }

    private List<Sample>[] Rounds(List<Work> works)
    {
        List<Sample>[] samples = works.Select(_ => new List<Sample>()).ToArray();
        int rounds = works.Exists(work => work is TaskCrowd) ? effort.CrowdRounds : effort.LoopRounds;
        for (int round = 0; round < rounds; round++)
        {
            calm.Probe();
            for (int i = 0; i < works.Count; i++)
            {
                samples[i].Add(works[i].Run(effort, stop));
            }
        }

        return samples;
    }

    private static IEnumerable<string> Faults(Contest contest, List<Work> works, SeriesResult[] series)
    {
        for (int i = 0; i < works.Count; i++)
        {
            // What another does with its rows and errors is its own affair.
            if (works[i].Finish() is { } fault && series[i].Role is Role.Pool or Role.Queue)
            {
                yield return $"{contest.Title}: {series[i].Role}: {fault}";
            }

            if (series[i] is { Errors: > 0, Role: Role.Pool or Role.Queue })
            {
                yield return $"{contest.Title}: {series[i].Role} failed {series[i].Errors} times, "
                    + $"first with {series[i].FirstError}";
            }
        }
    }

    private static SeriesResult Summarise(Role role, Work work, List<Sample> samples)
    {
        Sample median = samples.OrderBy(sample => sample.PerSecond).ElementAt(samples.Count / 2);
        HistogramBase latencies = Tally.NewHistogram();
        samples.ForEach(sample => latencies.Add(sample.Latencies ?? Tally.NewHistogram()));
        bool any = latencies.TotalCount > 0;
        return new SeriesResult(
            role,
            median.PerSecond,
            median.BytesPerOperation,
            any ? latencies.GetValueAtPercentile(50) : 0,
            any ? latencies.GetValueAtPercentile(99) : 0,
            any ? latencies.GetMaxValue() : 0,
            samples.Sum(sample => sample.Errors),
            samples.Find(sample => sample.FirstError is not null)?.FirstError,
            Steady: work is ThreadLoop,
            [.. samples.Select(sample => sample.PerSecond)]
        );
    }
}
