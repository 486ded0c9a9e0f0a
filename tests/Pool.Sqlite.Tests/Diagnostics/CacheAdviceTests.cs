using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>The advice on the page cache, on a database that does not fit into it.</summary>
public sealed class CacheAdviceTests : DiagnosticsTest
{
    [Fact]
    public async Task Pages_that_are_read_over_and_over_ask_for_a_larger_cache()
    {
        await using SqlitePool pool = Pool(more: options =>
            (options.Pragmas.CacheSizeKiB, options.Pragmas.MmapSizeBytes) = (200, 0)
        );
        Scan(pool, times: 10);

        SqlitePoolAdvice advice = Advised(pool, "cache-size");

        Assert.Contains("CacheSizeKiB larger than 200", advice.Recommendation, StringComparison.Ordinal);
        Assert.Contains("were not in the cache of their connection", advice.Evidence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16_000, 0)]
    [InlineData(200, 256 << 20)]
    public async Task Where_they_fit_or_are_mapped_they_do_not(int cacheKiB, int mmap)
    {
        await using SqlitePool pool = Pool(more: options =>
            (options.Pragmas.CacheSizeKiB, options.Pragmas.MmapSizeBytes) = (cacheKiB, mmap)
        );
        Scan(pool, times: 10);

        AssertSilent(pool, "cache-size");
    }

    [Fact]
    public async Task A_connection_looks_at_its_cache_once_a_round_and_not_at_every_return()
    {
        await using SqlitePool pool = Pool();
        Scan(pool, times: 1);

        using SqlitePoolConnection connection = pool.Rent();
        Assert.False(connection.Physical.WantsCacheLook);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(connection.Physical.WantsCacheLook);
    }

    // The housekeeper asks for a look at the cache, the next return takes it.
    private void Scan(SqlitePool pool, int times)
    {
        using (SqlitePoolConnection connection = pool.Rent())
        {
            connection.Run("create table t(value blob); begin");
            for (int i = 0; i < 800; i++)
            {
                connection.Run("insert into t values (randomblob(3000))");
            }

            // Only what is in the file itself can be mapped.
            connection.Run("commit; pragma wal_checkpoint(truncate)");
        }

        Time.Advance(TimeSpan.FromSeconds(1));
        using (SqlitePoolConnection connection = pool.Rent())
        {
            for (int i = 0; i < times; i++)
            {
                connection.Ask("select sum(length(hex(value))) from t");
            }
        }
    }
}
