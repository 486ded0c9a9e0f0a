using Pool.Sqlite.Benchmarks.Reporting;

namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>Sets figures of a contest beside each other and beside what is aimed at.</summary>
internal static class Lines
{
    public static Line Of(Contest contest, Goal goal, int index, IReadOnlyList<SeriesResult> series)
    {
        SeriesResult? Find(Role? role) => series.FirstOrDefault(one => one.Role == role);
        string Text(Role role) => Find(role) is { } one ? Format.Value(goal.Figure, one.Value(goal.Figure)) : "";
        SeriesResult? subject = Find(goal.Subject);
        double? ratio =
            goal.Against is null ? subject?.Value(goal.Figure)
            : Find(goal.Against) is { } other ? subject?.RatioTo(other, goal.Figure)
            : null;
        bool first = index == 0 || (goal.Suite is not null && contest.Goals[index - 1].Suite is null);
        return new Line(
            goal.Suite ?? contest.Suite,
            first ? contest.Title : "  " + Label(goal),
            Text(goal.Subject),
            Text(Role.Driver),
            Text(Role.Unpooled),
            Text(Role.Floor),
            ratio,
            goal.Against is null ? "" : Format.Ratio(ratio),
            Reach(goal),
            goal.Limit is { } limit && ratio is { } found ? (goal.AtMost ? found <= limit : found >= limit) : null,
            goal.Figure is Figure.Rate or Figure.Time ? subject?.Spread : null
        );
    }

    private static string Label(Goal goal) =>
        (goal.Figure, goal.Against) switch
        {
            (_, Role.Floor) => "against the floor",
            (Figure.Worst, _) => "worst wait",
            (Figure.Bytes, _) => "allocated",
            (Figure.Rate, _) => "rate",
            _ => "time",
        };

    private static string Reach(Goal goal)
    {
        if (goal.Limit is not { } limit)
        {
            return "";
        }

        return (goal.AtMost ? "≤ " : "≥ ")
            + (goal.Against is null ? Format.Value(goal.Figure, limit) : Format.Ratio(limit));
    }
}
