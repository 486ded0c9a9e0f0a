using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Pool.Sqlite;

namespace Service.Load;

internal static class Scenarios
{
    public static readonly Scenario[] All =
    [
        new("one connection", "2 rents of the same connection", OneConnection),
        new("50 sequential", "50 rents, 1 connection, 50 rows", Sequential),
        new("10 concurrent", "10 at once, 0 refused, 10 rows", pool => Concurrent(pool, 10)),
        new("50 concurrent", "50 at once, 0 refused, 50 rows", pool => Concurrent(pool, 50)),
        new("overflow", "60 at once, 20 kept", Overflow)
        {
            Configure = options => options.OverflowIdleTimeout = TimeSpan.Zero,
        },
        new("exhaustion", "the 61st is refused, and served after one came back", Exhaustion),
        new("recycling of 100 sessions", "100 rents, 10 connections replaced, 0 rows left behind", Recycling),
        new("health", "Healthy, Warning, Critical", Health),
        new("leak", "the lease is listed with its origin, and comes back by itself", Leak)
        {
            Configure = options => options.CaptureRentSite = true,
        },
        new("advice", "base-size", Advice)
        {
            Configure = options =>
            {
                options.PoolSize = 1;
                options.OverflowIdleTimeout = TimeSpan.Zero;
            },
        },
        new("pooled against unpooled", "200 reads each, 1 connection against 200", PooledAgainstUnpooled),
    ];

    private static async Task<string> OneConnection(SqlitePool pool)
    {
        SqliteConnection first;
        await using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            first = connection.SqliteConnection;
        }

        await using SqlitePoolConnection again = await pool.RentAsync();
        return ReferenceEquals(first, again.SqliteConnection)
            ? "2 rents of the same connection"
            : "2 rents of two connections";
    }

    private static async Task<string> Sequential(SqlitePool pool)
    {
        SqlitePoolStatistics before = pool.GetStatistics();
        for (int i = 0; i < 50; i++)
        {
            await using SqlitePoolConnection connection = await pool.RentAsync();
            await InsertAsync(connection, i);
        }

        SqlitePoolStatistics after = pool.GetStatistics();
        return $"{after.Rents - before.Rents} rents, {after.Open} connection, {await CountAsync(pool)} rows";
    }

    // All of them hold a connection before the first writes.
    private static async Task<string> Concurrent(SqlitePool pool, int callers)
    {
        int missing = callers;
        TaskCompletionSource everybodyHasOne = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await Task.WhenAll(
            Enumerable
                .Range(0, callers)
                .Select(i =>
                    Task.Run(async () =>
                    {
                        await using SqlitePoolConnection connection = await pool.RentAsync();
                        if (Interlocked.Decrement(ref missing) == 0)
                        {
                            everybodyHasOne.SetResult();
                        }

                        await everybodyHasOne.Task;
                        await InsertAsync(connection, i);
                    })
                )
        );
        SqlitePoolStatistics statistics = pool.GetStatistics();
        return $"{statistics.PeakInUse} at once, {statistics.Timeouts} refused, {await CountAsync(pool)} rows";
    }

    private static async Task<string> Overflow(SqlitePool pool)
    {
        SqlitePoolConnection[] leases = await RentAsync(pool, 60);
        int inUse = pool.GetStatistics().InUse;
        Return(leases);
        return $"{inUse} at once, {pool.GetStatistics().Open} kept";
    }

    private static async Task<string> Exhaustion(SqlitePool pool)
    {
        SqlitePoolConnection[] leases = await RentAsync(pool, 60);
        string refused = await IsRefused(pool) ? "refused" : "served";
        leases[0].Dispose();
        string then = await IsRefused(pool) ? "refused" : "served";
        Return(leases);
        return $"the 61st is {refused}, and {then} after one came back";
    }

    // Each leaves a transaction open with a row in it; every tenth gives its connection up.
    private static async Task<string> Recycling(SqlitePool pool)
    {
        SqlitePoolStatistics before = pool.GetStatistics();
        for (int i = 0; i < 100; i++)
        {
            await using SqlitePoolConnection connection = await pool.RentAsync();
            connection.BeginTransaction();
            await InsertAsync(connection, i);
            if (i % 10 == 9)
            {
                connection.Retire();
            }
        }

        SqlitePoolStatistics after = pool.GetStatistics();
        return $"{after.Rents - before.Rents} rents, {after.Recycled - before.Recycled} connections replaced, {await CountAsync(pool)} rows left behind";
    }

    private static async Task<string> Health(SqlitePool pool)
    {
        SqlitePoolStatus unused = pool.GetHealth().Status;
        SqlitePoolConnection[] leases = await RentAsync(pool, 50);
        SqlitePoolStatus wellUsed = pool.GetHealth().Status;
        SqlitePoolConnection[] more = await RentAsync(pool, 10);
        for (int i = 0; i < 5; i++)
        {
            await IsRefused(pool);
        }

        SqlitePoolStatus usedUp = pool.GetHealth().Status;
        Return([.. leases, .. more]);
        return $"{unused}, {wellUsed}, {usedUp}";
    }

    private static async Task<string> Leak(SqlitePool pool)
    {
        bool isListed = RentAndForget(pool);
        bool isBack = false;
        for (int i = 0; i < 600 && !isBack; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(50);
            isBack = pool.GetStatistics() is { Leaks: 1, InUse: 0 };
        }

        return $"the lease is {(isListed ? "listed with its origin" : "not listed")}, and "
            + (isBack ? "comes back by itself" : "does not come back");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool RentAndForget(SqlitePool pool)
    {
        SqlitePoolConnection lease = pool.Rent();
        bool isListed =
            pool.GetLeases() is [{ RentSite: { } site }]
            && site.Contains(nameof(RentAndForget), StringComparison.Ordinal);
        GC.KeepAlive(lease);
        return isListed;
    }

    private static async Task<string> Advice(SqlitePool pool)
    {
        for (int i = 0; i < 60; i++)
        {
            Return(await RentAsync(pool, 2));
        }

        return string.Join(", ", pool.GetHealth().Advice.Select(advice => advice.Id));
    }

    private static async Task<string> PooledAgainstUnpooled(SqlitePool pool)
    {
        const int Reads = 200;
        await CountAsync(pool);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Reads; i++)
        {
            await CountAsync(pool);
        }

        TimeSpan pooled = Stopwatch.GetElapsedTime(start);
        string file = await pool.ReadAsync(connection => Task.FromResult(connection.DataSource));
        int opened = 0;
        start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Reads; i++)
        {
            await using SqliteConnection connection = new($"Data Source={file};Pooling=False");
            await connection.OpenAsync();
            opened++;
            await using SqliteCommand count = connection.CreateCommand();
            count.CommandText = "select count(*) from entry";
            await count.ExecuteScalarAsync();
        }

        TimeSpan unpooled = Stopwatch.GetElapsedTime(start);
        return $"{Reads} reads each, {pool.GetStatistics().Open} connection against {opened}"
            + $", {pooled.TotalMilliseconds:0.0} ms against {unpooled.TotalMilliseconds:0.0} ms";
    }

    private static async Task<SqlitePoolConnection[]> RentAsync(SqlitePool pool, int count) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => pool.RentAsync().AsTask()));

    private static void Return(SqlitePoolConnection[] leases) => Array.ForEach(leases, lease => lease.Dispose());

    private static async Task<bool> IsRefused(SqlitePool pool)
    {
        try
        {
            await using SqlitePoolConnection connection = await pool.RentAsync(TimeSpan.FromMilliseconds(100));
            return false;
        }
        catch (SqlitePoolTimeoutException)
        {
            return true;
        }
    }

    private static async Task InsertAsync(SqlitePoolConnection connection, int value)
    {
        await using SqlitePoolCommand insert = connection.CreateCommand("insert into entry (value) values ($value)");
        insert.Parameters.AddWithValue("$value", value);
        await insert.ExecuteNonQueryAsync();
    }

    private static Task<long> CountAsync(SqlitePool pool) =>
        pool.ReadAsync(async connection =>
        {
            await using SqlitePoolCommand count = connection.CreateCommand("select count(*) from entry");
            return (long)(await count.ExecuteScalarAsync())!;
        });
}
