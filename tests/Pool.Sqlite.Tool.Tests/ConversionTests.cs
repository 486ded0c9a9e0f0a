using Pool.Sqlite.Tool.Copying;

namespace Pool.Sqlite.Tool.Tests;

public sealed class ConversionTests
{
    [Theory]
    [InlineData("INTEGER", "bigint")]
    [InlineData("tinyint(1)", "bigint")]
    [InlineData("BOOLEAN", "boolean")]
    [InlineData("NVARCHAR(20)", "text")]
    [InlineData("BLOB", "bytea")]
    [InlineData("DOUBLE", "double precision")]
    [InlineData("DECIMAL(10,2)", "numeric")]
    [InlineData("DATETIME", "timestamp without time zone")]
    [InlineData("DateTimeOffset", "timestamp with time zone")]
    [InlineData("DATE", "date")]
    [InlineData("uniqueidentifier", "uuid")]
    [InlineData("", null)]
    [InlineData("GEOMETRY", null)]
    public void A_declared_type_has_a_type(string declared, string? type) =>
        Assert.Equal(type, TypeMapping.For(declared));

    [Theory]
    [InlineData("smallint", 32767L)]
    [InlineData("boolean", 1L)]
    [InlineData("boolean", "False")]
    [InlineData("double precision", 0.1)]
    [InlineData("double precision", 5L)]
    [InlineData("real", 0.5)]
    [InlineData("numeric", "1e-5")]
    [InlineData("text", "ü")]
    [InlineData("uuid", "d2f0a8c10d3e4b579c1e6f0a1b2c3d4e")]
    [InlineData("date", "2026-01-02 00:00:00")]
    [InlineData("time without time zone", "23:59")]
    [InlineData("timestamp without time zone", "2026-01-02T03:04:05.123")]
    [InlineData("timestamp with time zone", "2026-01-02 03:04:05+05:30")]
    [InlineData("json", "[1]")]
    public void A_value_that_fits_is_converted(string type, object value) =>
        Assert.NotNull(ValueConverter.For(type, -1)!.Convert(value));

    [Theory]
    [InlineData("smallint", 32768L)]
    [InlineData("integer", -2147483649L)]
    [InlineData("bigint", 1.0)]
    [InlineData("bigint", "1")]
    [InlineData("boolean", 2L)]
    [InlineData("double precision", long.MaxValue)]
    [InlineData("real", 0.1)]
    [InlineData("numeric", double.PositiveInfinity)]
    [InlineData("numeric", "1,5")]
    [InlineData("text", "a\0b")]
    [InlineData("bytea", "text")]
    [InlineData("uuid", "no uuid")]
    [InlineData("date", "2026-01-02 00:00:01")]
    [InlineData("date", "2026-02-30")]
    [InlineData("date", 5L)]
    [InlineData("timestamp without time zone", "2026-01-02T03:04:05Z")]
    [InlineData("timestamp without time zone", 1767322800L)]
    [InlineData("json", "{")]
    public void A_value_that_does_not_fit_is_refused(string type, object value) =>
        Assert.Null(ValueConverter.For(type, -1)!.Convert(value));

    [Fact]
    public void A_length_counts_characters()
    {
        ValueConverter three = ValueConverter.For("character varying", 7)!;
        Assert.NotNull(three.Convert("😀ab"));
        Assert.Null(three.Convert("abcd"));
    }

    [Fact]
    public void A_checksum_does_not_depend_on_the_order_but_on_every_value()
    {
        Assert.True(Sum([1, "a"], [2, null]).Matches(Sum([2, null], [1, "a"])));
        Assert.True(Sum([1.50m]).Matches(Sum([1.5m])));
        Assert.False(Sum([1, "a"]).Matches(Sum([1, "b"])));
        Assert.False(Sum([1, null]).Matches(Sum([null, 1])));
        Assert.False(Sum(["ab", "c"]).Matches(Sum(["a", "bc"])));
        Assert.False(Sum([1], [1]).Matches(Sum([2], [2])));
        Assert.False(Sum([""]).Matches(Sum([(object?)null])));
    }

    private static TableChecksum Sum(params object?[][] rows)
    {
        TableChecksum sum = new();
        foreach (object?[] row in rows)
        {
            Array.ForEach(row, sum.Add);
            sum.EndRow();
        }

        return sum;
    }
}
