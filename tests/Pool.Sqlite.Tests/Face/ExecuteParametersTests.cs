using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>A statement with its values, in every form in which one would write them.</summary>
public sealed class ExecuteParametersTests : IDisposable
{
    private const string Insert = "insert into t values ($id, $name)";

    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public ExecuteParametersTests()
    {
        _pool = new SqlitePool(_database.Options());
        _pool.Write(connection => connection.Run("create table t(id integer primary key, name)"));
    }

    private string? Stored =>
        _pool.Read(connection => connection.Ask("select group_concat(id || '=' || quote(name), ' ') from t"));

    [Fact]
    public async Task A_text_without_parameters_runs_and_may_be_a_script()
    {
        Assert.Equal(
            2,
            await _pool.ExecuteAsync("insert into t values (1, 'a'); insert into t values (2, 'it''s $1 ?')")
        );
        Assert.Equal("1='a' 2='it''s $1 ?'", Stored);
        Assert.Equal(2, await _pool.ExecuteAsync("delete from t", CancellationToken.None));
        Assert.Equal(-1, await _pool.ExecuteAsync("select 1"));
    }

    [Fact]
    public async Task An_interpolated_string_becomes_parameters_also_beside_the_overloads_for_text()
    {
        string name = "x'); drop table t; --";
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t values (1, {name})"));
        Assert.Equal(1, await _pool.ExecuteAsync($"insert into t values ({2}, {name})", CancellationToken.None));
        FormattableString statement = $"insert into t values ({3}, {null})";
        Assert.Equal(1, await _pool.ExecuteAsync(statement));
        await _pool.ExecuteAsync($"delete from t where id = 2");
        Assert.Equal(name, await _pool.ExecuteScalarAsync<string>($"select name from t where id = {1}"));
        Assert.Equal(2, await _pool.ExecuteScalarAsync<int>($"select count(*) from t"));
    }

    [Fact]
    public async Task Values_one_by_one_go_by_the_order_of_the_parameters()
    {
        Assert.Equal(1, await _pool.ExecuteAsync(Insert, 1, "a"));
        Assert.Equal(1, await _pool.ExecuteAsync("insert into t values (@id, :name)", 2, null));
        Assert.Equal(1, await _pool.ExecuteAsync("insert into t values (?2, ?1)", "c", 3));
        Assert.Equal(1, await _pool.ExecuteAsync("insert into t values ($id, $id || '!')", 4));
        Assert.Equal(1, await _pool.ExecuteAsync("insert into t values (5, $blob)", new byte[] { 1, 2 }));
        Assert.Equal(1, await _pool.ExecuteAsync("insert into t values (6, $n)", (object?)null));
        Assert.Equal("1='a' 2=NULL 3='c' 4='4!' 5=X'0102' 6=NULL", Stored);
    }

    [Fact]
    public async Task Values_come_as_well_in_arrays_and_lists_of_any_type()
    {
        await _pool.ExecuteAsync(Insert, new object?[] { 1, "a" });
        await _pool.ExecuteAsync(Insert, [2, "b"], CancellationToken.None);
        await _pool.ExecuteAsync(Insert, new List<object?> { 3, "c" });
        await _pool.ExecuteAsync(Insert, new[] { 4, 5 });
        await _pool.ExecuteAsync(Insert, new List<int> { 5, 6 });
        await _pool.ExecuteAsync(Insert, new[] { "6", "f" });
        await _pool.ExecuteAsync(Insert, [7, null]);
        await _pool.ExecuteAsync("delete from t where id = 0", []);
        Assert.Equal("1='a' 2='b' 3='c' 4=5 5=6 6='f' 7=NULL", Stored);
    }

    [Fact]
    public async Task Values_by_name_come_as_pairs_a_dictionary_or_parameters()
    {
        await _pool.ExecuteAsync(Insert, ("$name", "a"), ("$id", 1));
        await _pool.ExecuteAsync(Insert, ("id", 2), ("name", null));
        await _pool.ExecuteAsync(Insert, [("id", 3), ("name", "c")], CancellationToken.None);
        await _pool.ExecuteAsync(Insert, new Dictionary<string, object?> { ["id"] = 4, ["$name"] = "d" });
        await _pool.ExecuteAsync(Insert, new Dictionary<string, int> { ["id"] = 5, ["name"] = 50 });
        await _pool.ExecuteAsync(Insert, new SqliteParameter("$name", "f"), new SqliteParameter("$id", 6));
        await _pool.ExecuteAsync(
            "insert into t values (@id, @name); update t set name = name || @name where id = @id",
            ("id", 7),
            ("name", "g")
        );
        Assert.Equal("1='a' 2=NULL 3='c' 4='d' 5=50 6='f' 7='gg'", Stored);
    }

    [Fact]
    public async Task A_token_among_the_values_stops_the_statement_and_is_not_stored()
    {
        using CancellationTokenSource stop = new();
        Assert.Equal(1, await _pool.ExecuteAsync(Insert, 1, "a", stop.Token));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _pool.ExecuteAsync(Insert, 2, "b", stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _pool.ExecuteAsync("delete from t", stop.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.ExecuteAsync(Insert, new Dictionary<string, object?> { ["id"] = 3, ["name"] = "c" }, stop.Token)
        );
        Assert.Equal("1='a'", Stored);
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task What_does_not_fit_is_told_before_anything_runs()
    {
        Assert.Contains(
            "There are 1 values, but the statement has 2 parameters ($id, $name)",
            await Refused(Insert, 1),
            StringComparison.Ordinal
        );
        Assert.Contains("There are 0 values", await Refused(Insert), StringComparison.Ordinal);
        Assert.Contains("3 values", await Refused(Insert, 1, 2, 3), StringComparison.Ordinal);
        Assert.Contains("Write ?2", await Refused("insert into t values (?1, ?)", 1, 2), StringComparison.Ordinal);
        Assert.Contains("a tuple", await Refused(Insert, (1, "a", 2), 1), StringComparison.Ordinal);
        Assert.Contains("a collection", await Refused(Insert, 1, new List<int> { 1 }), StringComparison.Ordinal);
        Assert.Contains(
            "an anonymous object",
            await Refused("delete from t where id = $id", new { id = 1 }),
            StringComparison.Ordinal
        );
        Assert.Contains("no value for the parameter $name", await Refused(Insert, ("id", 1)), StringComparison.Ordinal);
        Assert.Contains("no parameter 'nam'", await Refused(Insert, ("id", 1), ("nam", 1)), StringComparison.Ordinal);
        Assert.Contains(
            "two values",
            await Refused(Insert, ("id", 1), ("$id", 1), ("name", 1)),
            StringComparison.Ordinal
        );
        await Assert.ThrowsAsync<ArgumentException>(() => _pool.ExecuteAsync(" "));
        await Assert.ThrowsAsync<ArgumentNullException>(() => _pool.ExecuteAsync((string)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() =>
            _pool.ExecuteAsync(Insert, (IReadOnlyList<object?>)null!)
        );
        Assert.Equal("", Stored);
    }

    [Fact]
    public async Task An_anonymous_object_for_several_parameters_is_told_as_the_one_value_that_it_is()
    {
        object values = new { name = "hunter2", id = 1 };
        string[] messages =
        [
            await Refused(Insert, values),
            (await Assert.ThrowsAsync<ArgumentException>(() => _pool.Writes.ExecuteAsync(Insert, [values]))).Message,
        ];
        Assert.All(
            messages,
            message =>
            {
                Assert.Contains(
                    "1 values, but the statement has 2 parameters ($id, $name)",
                    message,
                    StringComparison.Ordinal
                );
                Assert.Contains("by name: (\"$id\", id), (\"$name\", name)", message, StringComparison.Ordinal);
                Assert.DoesNotContain("hunter2", message, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task A_missing_value_is_never_in_the_message()
    {
        Assert.DoesNotContain("hunter2", await Refused(Insert, "hunter2"), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", await Refused(Insert, ("nam", "hunter2")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_rows_come_as_tuples_too()
    {
        Assert.Equal(2, await _pool.ExecuteManyAsync(Insert, [(1, "a"), (2, "b")]));
        Assert.Equal(
            3,
            await _pool.ExecuteManyAsync(Insert, Enumerable.Range(3, 3).Select(i => (Id: i, Name: (string?)null)))
        );
        Assert.Equal(
            1,
            await _pool.ExecuteManyAsync(
                Insert,
                new List<Tuple<int, string>> { Tuple.Create(6, "f") },
                null,
                CancellationToken.None
            )
        );
        Assert.Equal(2, await _pool.ExecuteManyAsync(Insert, new[] { new object?[] { 7, "g" }, [8, "h"] }));
        Assert.Equal(
            1,
            await _pool.ExecuteManyAsync(
                Insert,
                [
                    [9, null],
                ]
            )
        );
        Assert.Equal(1, await _pool.ExecuteManyAsync(Insert, new List<string[]> { new[] { "10", "j" } }));
        Assert.Equal("1='a' 2='b' 3=NULL 4=NULL 5=NULL 6='f' 7='g' 8='h' 9=NULL 10='j'", Stored);
    }

    [Fact]
    public async Task A_tuple_with_too_few_items_or_none_at_all_says_which_row()
    {
        ArgumentException tooFew = await Assert.ThrowsAsync<ArgumentException>(() =>
            _pool.ExecuteManyAsync(Insert, new[] { (1, "a", true) })
        );
        Assert.Contains("Row 0 has 3 values", tooFew.Message, StringComparison.Ordinal);
        ArgumentException none = await Assert.ThrowsAsync<ArgumentException>(() =>
            _pool.ExecuteManyAsync(Insert, new[] { Tuple.Create(1, "a"), null! })
        );
        Assert.Contains("Row 1 is null", none.Message, StringComparison.Ordinal);
        Assert.Equal("", Stored);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private async Task<string> Refused(string sql, params object?[] values) =>
        (await Assert.ThrowsAsync<ArgumentException>(() => _pool.ExecuteAsync(sql, values))).Message;
}
