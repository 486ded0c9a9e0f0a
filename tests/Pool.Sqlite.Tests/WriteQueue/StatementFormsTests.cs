using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>One statement with its values, in every form in which the pool's own verbs take them.</summary>
public sealed class StatementFormsTests : QueueTest
{
    private const string InsertBoth = "insert into t(id, value) values ($id, $value)";

    private string? Stored
    {
        get
        {
            using SqliteConnection direct = Database.OpenDirectly();
            return direct.Ask("select group_concat(id || '=' || quote(value), ' ') from t");
        }
    }

    [Fact]
    public async Task A_text_is_executed_as_it_is_and_an_interpolated_string_with_parameters()
    {
        string hostile = "'); drop table t; --";
        Assert.Equal(1, await Writes.ExecuteAsync("insert into t(id, value) values (1, '{0} $p0')").Limited());
        Assert.Equal(1, await Writes.ExecuteAsync("insert into t(id) values (2)", CancellationToken.None).Limited());
        Assert.Equal(1, await Writes.ExecuteAsync($"insert into t(id, value) values (3, {hostile})").Limited());
        Assert.Equal(
            1,
            await Writes
                .ExecuteAsync($"insert into t(id, value) values ({4}, {hostile})", CancellationToken.None)
                .Limited()
        );
        Assert.True(Writes.TryPost("insert into t(id) values (5)"));
        Assert.True(Writes.TryPost($"insert into t(id, value) values (6, {hostile})"));
        await Writes.FlushAsync().Limited();
        string quoted = "'''); drop table t; --'";
        Assert.Equal($"1='{{0}} $p0' 2=NULL 3={quoted} 4={quoted} 5=NULL 6={quoted}", Stored);
    }

    [Fact]
    public async Task Values_come_in_order_in_lists_by_name_or_as_parameters()
    {
        await Writes.ExecuteAsync(InsertBoth, 1, "a").Limited();
        await Writes.ExecuteAsync(InsertBoth, 2, null).Limited();
        await Writes.ExecuteAsync(InsertBoth, [3, "c"]).Limited();
        await Writes.ExecuteAsync(InsertBoth, new[] { 4, 40 }).Limited();
        await Writes.ExecuteAsync(InsertBoth, new List<string> { "5", "e" }, CancellationToken.None).Limited();
        await Writes.ExecuteAsync(InsertBoth, ("value", null), ("$id", 6)).Limited();
        await Writes.ExecuteAsync(InsertBoth, [("value", "g"), ("id", 7)], CancellationToken.None).Limited();
        await Writes.ExecuteAsync(InsertBoth, new Dictionary<string, object?> { ["value"] = 8, ["id"] = 8 }).Limited();
        await Writes
            .ExecuteAsync(InsertBoth, new SqliteParameter("$value", "i"), new SqliteParameter("$id", 9))
            .Limited();
        await Writes.ExecuteAsync(InsertBoth, 10, new byte[] { 1 }).Limited();
        await Writes.ExecuteAsync("delete from t where id = 1", []).Limited();
        Assert.Equal("2=NULL 3='c' 4=40 5='e' 6=NULL 7='g' 8=8 9='i' 10=X'01'", Stored);
    }

    [Fact]
    public async Task Posts_take_the_same_values()
    {
        using (Block())
        {
            Assert.True(Writes.TryPost(InsertBoth, 1, "a"));
            Assert.True(Writes.TryPost(InsertBoth, ("value", "b"), ("id", 2)));
            Assert.True(Writes.TryPost(InsertBoth, [3, "c"]));
            Assert.True(Writes.TryPost(InsertBoth, new SqliteParameter("$value", "d"), new SqliteParameter("$id", 4)));
            Assert.True(Writes.TryPost(InsertBoth, 5, null));
        }

        await Writes.FlushAsync().Limited();
        Assert.Equal("1='a' 2='b' 3='c' 4='d' 5=NULL", Stored);
        Assert.Equal(0, Statistics.PostFailures);
    }

    [Fact]
    public async Task A_token_after_the_values_cancels_the_item_and_is_not_stored()
    {
        using CancellationTokenSource stop = new();
        Assert.Equal(1, await Writes.ExecuteAsync(InsertBoth, 1, "a", stop.Token).Limited());
        await stop.CancelAsync();
        Assert.True(Writes.ExecuteAsync(InsertBoth, 2, "b", stop.Token).IsCanceled);
        Assert.True(Writes.ExecuteAsync("insert into t(id) values (3)", stop.Token).IsCanceled);
        ArgumentException refused = Assert.Throws<ArgumentException>(() =>
            Writes.TryPost(InsertBoth, 4, "d", stop.Token)
        );
        Assert.Contains("use ExecuteAsync", refused.Message, StringComparison.Ordinal);
        await Writes.FlushAsync().Limited();
        Assert.Equal("1='a'", Stored);
    }

    [Fact]
    public async Task What_does_not_fit_is_told()
    {
        string blank = " ";
        await Assert.ThrowsAsync<ArgumentException>(() => Writes.ExecuteAsync(blank));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Writes.ExecuteAsync((string)null!, 1));
        Assert.Throws<ArgumentException>(() => Writes.TryPost(blank));
        Assert.Throws<ArgumentNullException>(() => Writes.TryPost((string)null!, 1));
        await Refused("There are 1 values, but the statement has 2 parameters ($id, $value)", InsertBoth, 1);
        await Refused("There are 0 values", InsertBoth);
        await Refused("no parameter 'nam'", InsertBoth, ("nam", "hunter2"), ("id", 1));
        await Refused("a tuple", InsertBoth, (1, "hunter2", 2), 1);
        await Refused("exactly one statement", "delete from t; delete from t");
        Assert.Throws<ArgumentException>(() => Writes.TryPost(InsertBoth, ("id", 1)));
        Assert.Equal("", Ids);

        // Nothing of the one that failed is left for the next with the same text.
        await Writes.ExecuteAsync(InsertBoth, ("id", 1), ("value", "a")).Limited();
        await Assert.ThrowsAsync<SqliteException>(() =>
            Writes.ExecuteAsync(InsertBoth, ("id", 1), ("value", "b")).Limited()
        );
        await Writes.ExecuteAsync(InsertBoth, 2, "c").Limited();
        Assert.Equal("1='a' 2='c'", Stored);
    }

    private async Task Refused(string why, string sql, params object?[] values)
    {
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            Writes.ExecuteAsync(sql, values).Limited()
        );
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
    }
}
