using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Diagnostics;

/// <summary>What the activity source says.</summary>
public sealed class SpanTests : DiagnosticsTest
{
    [Fact]
    public async Task A_rent_that_waits_has_a_span_as_long_as_the_wait()
    {
        using SpanCollector ear = new(Name);
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);
        Time.Advance(TimeSpan.FromSeconds(3));
        only.Dispose();
        (await waiting.Limited()).Dispose();

        Activity span = Assert.Single(ear.Spans);
        Assert.Equal("rent", span.DisplayName);
        Assert.Equal(TimeSpan.FromSeconds(3), span.Duration);
        Assert.Equal("served", span.GetTagItem("pool.sqlite.outcome"));
        Assert.Equal("sqlite", span.GetTagItem("db.system.name"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public async Task One_that_times_out_has_an_error()
    {
        using SpanCollector ear = new(Name);
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        using SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool);

        Time.Advance(TimeSpan.FromSeconds(30));

        await Assert.ThrowsAsync<SqlitePoolTimeoutException>(() => waiting.Limited());
        Activity span = Assert.Single(ear.Spans);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("timeout", span.GetTagItem("error.type"));
        Assert.Equal(TimeSpan.FromSeconds(30), span.Duration);
    }

    [Fact]
    public async Task One_that_is_cancelled_says_so()
    {
        using SpanCollector ear = new(Name);
        using CancellationTokenSource stop = new();
        await using SqlitePool pool = Pool(size: 1, overflow: 0);
        using SqlitePoolConnection only = await pool.RentAsync();
        Task<SqlitePoolConnection> waiting = Waiting(pool, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Limited());
        Assert.Equal("cancelled", Assert.Single(ear.Spans).GetTagItem("pool.sqlite.outcome"));
    }

    [Fact]
    public async Task A_writer_that_waits_for_its_turn_has_one_too()
    {
        using SpanCollector ear = new(Name);
        await using SqlitePool pool = Pool();
        SqlitePoolConnection writer = await pool.RentWriterAsync();
        Task<SqlitePoolConnection> next = OtherFlow.Run(() => pool.RentWriterAsync().AsTask());
        Time.Advance(TimeSpan.FromSeconds(4));
        writer.Dispose();
        (await next.Limited()).Dispose();

        Assert.Equal(
            ("rent", TimeSpan.FromSeconds(4)),
            Assert.Single(ear.Spans.Select(span => (span.DisplayName, span.Duration)))
        );
    }

    [Fact]
    public async Task A_rent_that_need_not_wait_has_none()
    {
        using SpanCollector ear = new(Name);
        await using SqlitePool pool = Pool();

        (await pool.RentAsync()).Dispose();
        (await pool.RentAsync()).Dispose();

        Assert.Empty(ear.Spans);
    }

    [Fact]
    public async Task A_batch_has_a_span_with_its_size()
    {
        using SpanCollector ear = new(Name);
        await using SqlitePool pool = Pool();
        await pool.ExecuteAsync($"create table t(value int)");

        await pool.ExecuteManyAsync(
            "insert into t values ($value)",
            [
                [1],
                [2],
            ]
        );

        Activity span = Assert.Single(ear.Spans);
        Assert.Equal("batch", span.DisplayName);
        Assert.Equal(2, span.GetTagItem("pool.sqlite.batch.size"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    [Fact]
    public async Task A_batch_that_is_rolled_back_has_an_error_and_none_of_its_values()
    {
        using SpanCollector ear = new(Name);
        await using SqlitePool pool = Pool();
        await pool.ExecuteAsync($"create table t(value text check (value <> 'hunter2'))");

        await Assert.ThrowsAsync<SqliteException>(() =>
            pool.ExecuteManyAsync(
                "insert into t values ($value)",
                [
                    ["fine"],
                    ["hunter2"],
                ]
            )
        );

        Activity span = Assert.Single(ear.Spans);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal(typeof(SqliteException).FullName, span.GetTagItem("error.type"));
        Assert.All(span.TagObjects, tag => Assert.DoesNotContain("hunter2", $"{tag.Value}", StringComparison.Ordinal));
    }
}
