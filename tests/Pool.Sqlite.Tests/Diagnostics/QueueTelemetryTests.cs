using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>What meters and spans say of the batches of the write queue.</summary>
[Collection(nameof(MeterCollector))]
public sealed class QueueTelemetryTests : DiagnosticsTest
{
    [Fact]
    public async Task Each_commit_is_heard_with_its_size_and_its_time_as_the_statistics_have_them()
    {
        using MeterCollector ear = new(Name);
        await using SqlitePool pool = await PoolWithSlowCommits();

        await WriteTogether(pool, "insert into t values (1)", "insert into t values (2)", "insert into t values (3)");

        Assert.Equal([1, 3], ear.All("pool.sqlite.write.batch_size"));
        Assert.Equal([0.25, 0.25], ear.All("pool.sqlite.write.commit_time"));
        Assert.Equal("{item}", ear.UnitOf("pool.sqlite.write.batch_size"));
        Assert.Equal("s", ear.UnitOf("pool.sqlite.write.commit_time"));
        SqlitePoolWriteQueueStatistics statistics = pool.GetStatistics().Writes;
        Assert.Equal((2, 4, 3), (statistics.Batches, statistics.Items, statistics.LargestBatch));
        Assert.Equal((2, TimeSpan.FromSeconds(0.5)), (statistics.CommitTime.Count, statistics.CommitTime.Total));
    }

    [Fact]
    public async Task A_commit_that_fails_is_not_counted_and_those_of_the_innocent_are()
    {
        using MeterCollector ear = new(Name);
        await using SqlitePool pool = await PoolWithSlowCommits();

        await Assert.ThrowsAsync<SqliteException>(() =>
            WriteTogether(pool, "insert into child values (7)", "insert into t values (2)")
        );
        await pool.Writes.FlushAsync().Limited();

        Assert.Equal([1, 1], ear.All("pool.sqlite.write.batch_size"));
        Assert.Equal(2, ear.All("pool.sqlite.write.commit_time").Length);
        Assert.Equal(
            (2, 2, 1),
            (
                pool.GetStatistics().Writes.Batches,
                pool.GetStatistics().Writes.Items,
                pool.GetStatistics().Writes.Failures
            )
        );
    }

    [Fact]
    public async Task A_batch_has_a_span_with_its_size()
    {
        await using SqlitePool pool = await PoolWithSlowCommits();
        using SpanCollector ear = new(Name);

        await WriteTogether(pool, "insert into t values (1)", "insert into t values (2)");

        Assert.Equal([(1, ActivityStatusCode.Unset), (2, ActivityStatusCode.Unset)], Batches(ear));
        Assert.All(ear.Spans, span => Assert.Equal("sqlite", span.GetTagItem("db.system.name")));
    }

    [Theory]
    [InlineData("insert into child values (7)")]
    [InlineData("insert or rollback into t values (0)")]
    public async Task One_that_is_not_committed_has_an_error_as_has_the_guilty_that_runs_again_alone(string guilty)
    {
        await using SqlitePool pool = await PoolWithSlowCommits();
        using SpanCollector ear = new(Name);

        await Assert.ThrowsAnyAsync<Exception>(() => WriteTogether(pool, "insert into t values (2)", guilty));

        ActivityStatusCode[] expected =
        [
            ActivityStatusCode.Unset,
            ActivityStatusCode.Error,
            ActivityStatusCode.Unset,
            ActivityStatusCode.Error,
        ];
        Assert.Equal(expected, Batches(ear).Select(static batch => batch.Status));
        Assert.Equal(typeof(SqliteException).FullName, ear.Spans[1].GetTagItem("error.type"));
        Assert.Equal(typeof(SqliteException).FullName, ear.Spans[3].GetTagItem("error.type"));
    }

    private static (object? Size, ActivityStatusCode Status)[] Batches(SpanCollector ear) =>
        [
            .. ear
                .Spans.Where(static span => span.DisplayName == "batch")
                .Select(static span => (span.GetTagItem("pool.sqlite.batch.size"), span.Status)),
        ];

    // What comes while an item runs is one batch. Its span has ended when its tasks have: who flushed to be sure would,
    // while the loop is not at rest yet, have a batch and a span for that.
    private static async Task WriteTogether(SqlitePool pool, params string[] statements)
    {
        Task[] together = [];
        await pool
            .Writes.EnqueueAsync(_ =>
                together = Limit
                    .OnThread(() =>
                        OtherFlow.Run(() => statements.Select(sql => (Task)pool.Writes.ExecuteAsync(sql, [])).ToArray())
                    )
                    .Result
            )
            .Limited();
        await Task.WhenAll(together).Limited();
    }

    private async Task<SqlitePool> PoolWithSlowCommits()
    {
        SqlitePool pool = Pool(more: options => options.ConnectionOpened = SlowCommits);
        await pool.ExecuteAsync($"create table t(value int unique on conflict rollback check (value > 0))");
        await pool.ExecuteAsync($"create table parent(id integer primary key)");
        await pool.ExecuteAsync($"create table child(parent int references parent deferrable initially deferred)");
        return pool;
    }
}
