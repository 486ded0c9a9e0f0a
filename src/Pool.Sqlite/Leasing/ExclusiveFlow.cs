using Pool.Sqlite.Pooling;

namespace Pool.Sqlite.Leasing;

/// <summary>
/// Knows which flow of control runs the exclusive work of a pool: a rent there would wait for its own end, and is
/// refused at once.
/// </summary>
internal static class ExclusiveFlow
{
    private static readonly AsyncLocal<Mark?> Current = new();

    public static bool IsInside(ConnectionPools pools)
    {
        for (Mark? mark = Current.Value; mark is not null; mark = mark.Outer)
        {
            if (mark.Pools == pools)
            {
                return true;
            }
        }

        return false;
    }

    public static async Task Run(
        ConnectionPools pools,
        Func<CancellationToken, Task> work,
        CancellationToken cancellationToken
    )
    {
        // Set inside an asynchronous method: what the caller does afterwards does not see it.
        Mark mark = new(pools, Current.Value);
        Current.Value = mark;
        try
        {
            await work(cancellationToken).OrThrow().ConfigureAwait(false);
        }
        finally
        {
            // A task that was started inside and goes on may rent again.
            mark.Pools = null;
        }
    }

    public static InvalidOperationException RentRefused(string pool) =>
        new(
            $"Pool '{pool}': a connection is rented inside RunExclusiveAsync, which keeps all of them closed until its work returns. "
                + "Open the file with a connection of your own there, or rent after it."
        );

    public static InvalidOperationException Nested(string pool) =>
        new(
            $"Pool '{pool}': RunExclusiveAsync (or RestoreAsync, which uses it) is called inside RunExclusiveAsync, and would wait for its "
                + "own end. Do it after that."
        );

    private sealed class Mark(ConnectionPools? pools, Mark? outer)
    {
        public ConnectionPools? Pools { get; set; } = pools;

        public Mark? Outer { get; } = outer;
    }
}
