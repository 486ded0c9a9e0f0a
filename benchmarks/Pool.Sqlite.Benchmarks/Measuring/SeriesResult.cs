namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>One contestant's figures in one case. Rate, time and bytes are of the median round, latencies in
/// nanoseconds of all rounds.</summary>
/// <param name="Rounds">Operations a second, in order, so that a reader sees how far they are apart.</param>
internal sealed record SeriesResult(
    Role Role,
    double PerSecond,
    double BytesPerOperation,
    long P50,
    long P99,
    long Worst,
    long Errors,
    string? FirstError,
    bool Steady,
    IReadOnlyList<double> Rounds
)
{
    /// <summary>Null when it finished no operation.</summary>
    public double? Nanoseconds => PerSecond > 0 ? 1e9 / PerSecond : null;

    /// <summary>
    /// How far the rounds are apart without the best and the worst quarter, as a share of the median: of many rounds one
    /// is always met by something else on the machine.
    /// </summary>
    public double Spread
    {
        get
        {
            int quarter = Rounds.Count / 4;
            double[] middle = [.. Rounds.Order().Skip(quarter).SkipLast(quarter)];
            return PerSecond > 0 ? (middle[^1] - middle[0]) / PerSecond : 0;
        }
    }

    /// <summary>Null when there is none: who finished no operation has neither a time nor an amount.</summary>
    public double? Value(Figure figure) =>
        figure switch
        {
            _ when !(PerSecond > 0) => null,
            Figure.Rate => PerSecond,
            Figure.Time => Nanoseconds,
            Figure.Worst => Worst > 0 ? Worst : null,
            _ => Math.Round(BytesPerOperation),
        };

    /// <summary>How this figure stands to that of <paramref name="other"/>; null when there is nothing to compare.
    /// Rates and times are compared round by round, in the order in which they took turns.</summary>
    public double? RatioTo(SeriesResult other, Figure figure)
    {
        if (figure is Figure.Rate or Figure.Time && Rounds.Count == other.Rounds.Count)
        {
            // A round in which one of them finished nothing would count as infinitely good for the other.
            if (!Rounds.Concat(other.Rounds).All(round => round > 0))
            {
                return null;
            }

            double[] ratios = Rounds
                .Zip(other.Rounds, (own, its) => figure == Figure.Rate ? own / its : its / own)
                .Order()
                .ToArray();
            return ratios[ratios.Length / 2];
        }

        return other.Value(figure) is > 0 and double its ? Value(figure) / its : null;
    }
}
