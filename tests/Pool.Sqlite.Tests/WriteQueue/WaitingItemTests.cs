using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>An item that waits for another item, by way of another thread, would never end.</summary>
public sealed class WaitingItemTests : QueueTest
{
    [Theory]
    [InlineData("statement")]
    [InlineData("function")]
    [InlineData("flush")]
    [InlineData("pool")]
    public async Task A_task_that_an_item_started_and_waits_for_is_refused_and_the_queue_goes_on(string kind)
    {
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Writes
                .EnqueueAsync(connection =>
                {
                    connection.Run("insert into t(id) values (1)");
                    Task.Run(() => Ask(kind)).GetAwaiter().GetResult();
                })
                .Limited()
        );
        Assert.Contains(
            kind == "pool" ? "wait for itself" : "neither would end",
            refused.Message,
            StringComparison.Ordinal
        );
        await Writes.ExecuteAsync($"insert into t(id) values (2)").Limited();
        Assert.Equal("2", Ids);
    }

    [Fact]
    public async Task What_a_task_of_an_item_posts_is_written_after_it()
    {
        await Writes
            .EnqueueAsync(connection =>
            {
                connection.Run("insert into t(id) values (1)");
                Assert.True(Task.Run(() => Writes.TryPost($"insert into t(id) values (2)")).GetAwaiter().GetResult());
            })
            .Limited();
        await Writes.FlushAsync().Limited();
        Assert.Equal("1,2", Ids);
    }

    private Task Ask(string kind) =>
        kind switch
        {
            "statement" => Writes.ExecuteAsync($"insert into t(id) values (3)"),
            "function" => Writes.EnqueueAsync(connection => connection.Run("insert into t(id) values (3)")),
            "flush" => Writes.FlushAsync(),
            _ => Pool.ExecuteAsync($"insert into t(id) values (3)"),
        };
}
