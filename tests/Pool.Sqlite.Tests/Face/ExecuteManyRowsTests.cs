using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>Many rows, in each form in which they come, with a progress or a token after them.</summary>
public sealed class ExecuteManyRowsTests : IDisposable
{
    private const string One = "insert into t values ($x)";

    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public ExecuteManyRowsTests()
    {
        _pool = new SqlitePool(_database.Options());
        _pool.Execute("create table t(x)");
    }

    private string? Stored => _pool.ExecuteScalar<string>("select group_concat(quote(x), ' ') from t");

    [Fact]
    public async Task A_row_that_is_a_value_is_a_row_of_one()
    {
        Assert.Equal(2, await _pool.ExecuteManyAsync(One, new[] { 1, 2 }));
        Assert.Equal(2, await _pool.ExecuteManyAsync(One, ["a", "b"]));
        Assert.Equal(2, await _pool.ExecuteManyAsync(One, Enumerable.Range(3, 2).Select(i => (long)i)));
        Assert.Equal(2, await _pool.ExecuteManyAsync(One, new List<int?> { 5, null }));
        Assert.Equal(2, await _pool.ExecuteManyAsync(One, new string?[] { "c", null }));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, new[] { new byte[] { 1 } }));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, new[] { DayOfWeek.Friday }));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, new[] { new DateOnly(2026, 11, 26) }));
        Assert.Equal(2, await _pool.ExecuteManyAsync(One, new object[] { 6, "d" }));
        Assert.Equal("1 2 'a' 'b' 3 4 5 NULL 'c' NULL X'01' 5 '2026-11-26' 6 'd'", Stored);
        Assert.Equal(2, await _pool.ExecuteManyAsync("delete from t where x = $x", [1, 2]));
        Assert.Equal(0, await _pool.ExecuteManyAsync(One, []));
    }

    [Fact]
    public async Task A_row_that_is_a_list_or_a_tuple_is_one_of_its_items()
    {
        const string Two = "insert into t values ($a || $b)";
        Assert.Equal(2, await _pool.ExecuteManyAsync(Two, new[] { new[] { 1, 2 }, [3, 4] }));
        Assert.Equal(
            1,
            await _pool.ExecuteManyAsync(
                Two,
                new List<List<int>>
                {
                    new() { 5, 6 },
                }
            )
        );
        Assert.Equal(1, await _pool.ExecuteManyAsync(Two, new[] { new[] { "7", "8" } }));
        Assert.Equal(2, await _pool.ExecuteManyAsync(Two, new object[] { new object?[] { 9, 0 }, ("a", "b") }));
        Assert.Equal(1, await _pool.ExecuteManyAsync(Two, new List<(string, int)?> { ("c", 1) }));
        Assert.Equal("'12' '34' '56' '78' '90' 'ab' 'c1'", Stored);
    }

    [Fact]
    public async Task A_token_may_stand_right_after_the_rows()
    {
        using CancellationTokenSource stop = new();
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, [1], stop.Token));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, new[] { ValueTuple.Create(2) }, stop.Token));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, new[] { new object?[] { 3 } }, stop.Token));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, [4], cancellationToken: stop.Token));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, [5], null, stop.Token));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, [6], default));
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, [7], null));
        IReadOnlyList<object?>[] lists =
        [
            [8],
        ];
        Assert.Equal(1, await _pool.ExecuteManyAsync(One, lists, default));
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => _pool.ExecuteManyAsync(One, [9], stop.Token));
        Assert.Equal("1 2 3 4 5 6 7 8", Stored);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task On_any_data_source_they_come_the_same(bool isPool)
    {
        await using System.Data.Common.DbDataSource source = isPool
            ? new SqlitePool(_database.Options())
            : new FakeDataSource(_database.ConnectionString + ";Pooling=False");
        const string At = "insert into t values (@x)";
        Assert.Equal(2, await source.ExecuteManyAsync(At, new[] { 1, 2 }));
        Assert.Equal(2, await source.ExecuteManyAsync(At, ["a", null], CancellationToken.None));
        Assert.Equal(1, await source.ExecuteManyAsync(At, [ValueTuple.Create(3)], CancellationToken.None));
        Assert.Equal(1, await source.ExecuteManyAsync(At, new[] { new object?[] { 4 } }, default));
        Assert.Equal("1 2 'a' NULL 3 4", Stored);
    }

    [Fact]
    public async Task What_is_no_row_is_told_and_nothing_is_stored()
    {
        await Refused("Row 1 is an object of the type Version", new object[] { 1, new Version(1, 2) });
        await Refused("Write a tuple for each row", new[] { new { x = "hunter2" } });
        await Refused("KeyValuePair", new Dictionary<string, int> { ["x"] = 1 });
        await Refused("Dictionary", new[] { new Dictionary<string, object?> { ["x"] = 1 } });
        await Refused("The rows are one text", "hunter2");
        await Refused("Row 0 is null", new object?[] { null });
        await Refused("Row 0 is null", new (int, int)?[] { null });
        await Refused("Row 0 has 2 values", new[] { (1, 2) });
        ArgumentException tooFew = await Assert.ThrowsAsync<ArgumentException>(() =>
            _pool.ExecuteManyAsync("insert into t values ($a || $b)", [1])
        );
        Assert.Contains("Row 0 has 1 values", tooFew.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>(() => _pool.ExecuteManyAsync(One, (int[])null!));
        await Assert.ThrowsAsync<ArgumentException>(() => _pool.ExecuteManyAsync(" ", [1], CancellationToken.None));
        Assert.Null(Stored);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private async Task Refused<T>(string why, IEnumerable<T> rows)
    {
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            _pool.ExecuteManyAsync(One, rows)
        );
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
    }
}
