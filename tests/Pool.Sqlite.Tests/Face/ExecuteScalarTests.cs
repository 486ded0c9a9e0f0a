using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>One value of a statement, as the type that is asked for.</summary>
public sealed class ExecuteScalarTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public ExecuteScalarTests() => _pool = new SqlitePool(_database.Options());

    private enum Color
    {
        Red,
        Green,
    }

    [Fact]
    public async Task A_value_is_read_as_the_type_that_is_asked_for()
    {
        Guid guid = new("00112233-4455-6677-8899-aabbccddeeff");
        DateTime date = new(2026, 11, 26, 10, 30, 0);
        Assert.Equal(7, await _pool.ExecuteScalarAsync<int>("select 7"));
        Assert.Equal(7L, await _pool.ExecuteScalarAsync<long>($"select {7}"));
        Assert.Equal(7L, await _pool.ExecuteScalarAsync<long?>("select $n", 7));
        Assert.Equal((byte)7, await _pool.ExecuteScalarAsync<byte>("select $n", [7]));
        Assert.True(await _pool.ExecuteScalarAsync<bool>("select exists (select 1)"));
        Assert.Equal(2.5, await _pool.ExecuteScalarAsync<double>("select 2.5"));
        Assert.Equal(2.5m, await _pool.ExecuteScalarAsync<decimal>($"select {2.5m}"));
        Assert.Equal("a", await _pool.ExecuteScalarAsync<string>("select $s", ("$s", "a")));
        Assert.Equal("7", await _pool.ExecuteScalarAsync<string>("select 7"));
        Assert.Equal(42, await _pool.ExecuteScalarAsync<int>("select '42'"));
        Assert.Equal(3, await _pool.ExecuteScalarAsync<int>("select 3.0"));
        Assert.Equal(guid, await _pool.ExecuteScalarAsync<Guid>($"select {guid}"));
        Assert.Equal(date, await _pool.ExecuteScalarAsync<DateTime?>($"select {date}"));
        Assert.Equal(new DateOnly(2026, 11, 26), await _pool.ExecuteScalarAsync<DateOnly>("select date('2026-11-26')"));
        Assert.Equal(Color.Green, await _pool.ExecuteScalarAsync<Color>($"select {Color.Green}"));
        Assert.Equal(Color.Green, await _pool.ExecuteScalarAsync<Color?>("select 1"));
        Assert.Equal([1, 2], await _pool.ExecuteScalarAsync<byte[]>("select x'0102'"));
        Assert.Equal(7L, await _pool.ExecuteScalarAsync<object>("select 7"));
        Assert.Equal(
            "b",
            await _pool.ExecuteScalarAsync<string>(
                "select @v",
                new Dictionary<string, object?> { ["v"] = "b" },
                CancellationToken.None
            )
        );
    }

    [Theory]
    [InlineData("select null", "returned NULL")]
    [InlineData("select 1 where 0", "returned no row")]
    [InlineData("create table if not exists made(x)", "returned no row")]
    public async Task Null_and_no_row_are_null_where_the_type_has_one_and_otherwise_an_error(string sql, string message)
    {
        Assert.Null(await _pool.ExecuteScalarAsync<string>(sql));
        Assert.Null(await _pool.ExecuteScalarAsync<int?>(sql));
        Assert.Null(await _pool.ExecuteScalarAsync<byte[]>(sql));
        Assert.Null(await _pool.ExecuteScalarAsync<object>(sql));
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            _pool.ExecuteScalarAsync<int>(sql)
        );
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("Ask for Int32? instead", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task A_value_that_would_be_changed_by_reading_it_is_refused_by_types_not_by_its_text()
    {
        Assert.Contains(
            "type TEXT, which cannot be read as Int32",
            await Refused<int>("select 'secret'"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("secret", await Refused<int>("select 'secret'"), StringComparison.Ordinal);
        Assert.Contains("REAL", await Refused<long>("select 1.5"), StringComparison.Ordinal);
        Assert.Contains("INTEGER", await Refused<byte>("select 300"), StringComparison.Ordinal);
        Assert.Contains("Int32?", await Refused<int?>("select 'x'"), StringComparison.Ordinal);
        Assert.Contains("BLOB", await Refused<double>("select x'00'"), StringComparison.Ordinal);
        Assert.Contains("Boolean", await Refused<bool>("select 'true'"), StringComparison.Ordinal);
        Assert.Contains("Guid", await Refused<Guid>("select 'no guid'"), StringComparison.Ordinal);
        Assert.Contains("DateTime", await Refused<DateTime>("select 'yesterday'"), StringComparison.Ordinal);
        Assert.Contains("Color", await Refused<Color>("select 'Green'"), StringComparison.Ordinal);
        Assert.Contains("Version", await Refused<Version>("select '1.2'"), StringComparison.Ordinal);
        Assert.Contains("Stream", await Refused<Stream>("select x'00'"), StringComparison.Ordinal);
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task What_is_returned_by_a_write_is_stored_and_the_rest_of_the_text_runs()
    {
        await _pool.ExecuteAsync("create table t(id integer primary key, name)");
        string name = "a";
        long id = await _pool.ExecuteScalarAsync<long>($"insert into t(name) values ({name}) returning id");
        Assert.Equal(1, id);
        Assert.Equal(
            2,
            await _pool.ExecuteScalarAsync<int>(
                "insert into t(name) values ('b') returning id; insert into t values (9, 'c')"
            )
        );
        await Assert.ThrowsAsync<SqliteException>(() =>
            _pool.ExecuteScalarAsync<int>("select 1; insert into t values (9, 'again')")
        );
        Assert.Equal(3, await _pool.ExecuteScalarAsync<int>("select count(*) from t"));
    }

    [Fact]
    public async Task It_ends_with_its_token_and_gives_the_lease_back()
    {
        CancellationToken stopped = new(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.ExecuteScalarAsync<int>($"select 1", stopped)
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.ExecuteScalarAsync<int>("select 1", stopped)
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _pool.ExecuteScalarAsync<int>("select $a", 1, stopped)
        );
        await Assert.ThrowsAsync<SqliteException>(() => _pool.ExecuteScalarAsync<int>("selec 1"));
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task Numbers_in_text_are_read_whatever_the_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        german.NumberFormat.NumberDecimalSeparator = ",";
        german.NumberFormat.NumberGroupSeparator = ".";
        CultureInfo.CurrentCulture = german;
        try
        {
            Assert.Equal(2.5, await _pool.ExecuteScalarAsync<double>("select '2.5'"));
            Assert.Equal(2.5m, await _pool.ExecuteScalarAsync<decimal>("select '2.5'"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private async Task<string> Refused<T>(string sql) =>
        (await Assert.ThrowsAsync<InvalidCastException>(() => _pool.ExecuteScalarAsync<T>(sql))).Message;
}
