namespace Pool.Sqlite.Chaos;

/// <summary>All that a task can do.</summary>
internal static class ChaosActions
{
    private static readonly ChaosAction[] All =
    [
        .. Reads.All,
        .. Writes.All,
        .. QueuedWrites.All,
        .. Operations.All,
        .. Misuse.All,
    ];
    private static readonly int Sum = All.Sum(static action => action.Weight);

    public static ChaosAction Pick(Random random)
    {
        int at = random.Next(Sum);
        foreach (ChaosAction action in All)
        {
            at -= action.Weight;
            if (at < 0)
            {
                return action;
            }
        }

        return All[^1];
    }
}
