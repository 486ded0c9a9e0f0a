using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>Each getter on each kind of value gives what the driver gives, or throws what the driver throws.</summary>
public sealed class GettersSameAsDriverTests : IDisposable
{
    private readonly SqlitePool _pool = new("Data Source=:memory:");
    private readonly SqliteConnection _theirs = new("Data Source=:memory:;Pooling=False");
    private readonly SqlitePoolConnection _ours;

    public GettersSameAsDriverTests()
    {
        _ours = _pool.Rent();
        _theirs.Open();
    }

    private enum Small : byte
    {
        One = 1,
    }

    private enum Huge : ulong
    {
        Most = ulong.MaxValue,
    }

    // Infinity as a date: told in another way by the driver before its version 11.
    public static TheoryData<string> Values =>
        [
            .. typeof(SqliteConnection).Assembly.GetName().Version!.Major >= 11 ? (string[])["1e999"] : [],
            "0",
            "1",
            "-1",
            "255",
            "256",
            "65",
            "70000",
            "9223372036854775807",
            "-9223372036854775808",
            "0.0",
            "1.5",
            "-2.5",
            "1e300",
            "2459000.5",
            "0.25",
            "''",
            "'a'",
            "'ab'",
            "'é'",
            "'12'",
            "'1.5'",
            "'1e3'",
            "'abc'",
            "'a' || char(0) || 'b'",
            "'2020-01-02'",
            "'2020-01-02 03:04:05.678'",
            "'2020-01-02T03:04:05Z'",
            "'2020-01-02 03:04:05+02:00'",
            "'03:04:05'",
            "'1.02:03:04'",
            "'0f8fad5b-d9cb-469f-a165-70867728950e'",
            "x''",
            "x'0102'",
            "x'00112233445566778899aabbccddeeff'",
            "null",
            "cast('0f8fad5b-d9cb-469f-a165-70867728950e' as blob)",
            "'日本語 🎈'",
        ];

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_reads_the_same_as_each_type(string value)
    {
        foreach (Func<DbDataReader, object?> get in Getters)
        {
            Same($"select {value} as x", get);
        }
    }

    // The driver reads it from its version 11 on.
    [Fact]
    public void A_half_reads_as_a_number()
    {
        using DbDataReader reader = _ours.CreateCommand("select 1.5, '2.5', null").ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal((Half)1.5, reader.GetFieldValue<Half>(0));
        Assert.Equal((Half)2.5, reader.GetFieldValue<Half>(1));
        Assert.Throws<InvalidOperationException>(() => reader.GetFieldValue<Half>(2));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    public void Before_the_first_row_and_after_the_last_it_throws_the_same(int ordinal)
    {
        foreach (
            Func<DbDataReader, int, object?> get in (Func<DbDataReader, int, object?>[])
                [
                    (r, i) => r.GetValue(i),
                    (r, i) => r.IsDBNull(i),
                    (r, i) => r.GetName(i),
                    (r, i) => r.GetFieldType(i),
                    (r, i) => r.GetDataTypeName(i),
                ]
        )
        {
            Same("select 1 as x", reader => get(reader, ordinal), reads: 1);
            if (ordinal == 0)
            {
                Same("select 1 as x", reader => get(reader, ordinal), reads: 0);
                Same("select 1 as x", reader => get(reader, ordinal), reads: 2);
                Same("create temp table if not exists none(x)", reader => get(reader, ordinal), reads: 0);
            }
        }
    }

    [Fact]
    public void The_schema_table_says_the_same()
    {
        const string Setup = """
            create table s(id integer primary key autoincrement, u text unique, n int not null, v varchar(20), w);
            insert into s(u, n, v, w) values ('a', 1, null, x'00'), ('b', 2, 'v', 3), ('c', 3, 'w', 4);
            create view seen as select id, v from s
            """;
        _ours.Run(Setup);
        _theirs.Run(Setup);
        foreach (
            string sql in (string[])
                [
                    "select *, n as other, n + 1, rowid from s",
                    "select * from seen",
                    "select * from pragma_table_info('s')",
                ]
        )
        {
            Same(
                sql,
                static reader =>
                {
                    System.Data.DataTable table = reader.GetSchemaTable()!;
                    return string.Join(
                        '\n',
                        table
                            .Columns.Cast<System.Data.DataColumn>()
                            .Select(c => $"{c.ColumnName} {c.DataType}")
                            .Concat(
                                table.Rows.Cast<System.Data.DataRow>().Select(row => string.Join(", ", row.ItemArray))
                            )
                    );
                }
            );
        }
    }

    [Fact]
    public void A_stream_of_a_row_with_its_key_ends_with_the_lease_and_leaves_no_trace()
    {
        using TempDatabase database = new();
        using SqlitePool pool = database.OneConnection();
        Stream stream;
        long number;
        using (SqlitePoolConnection lease = pool.Rent())
        {
            number = lease.Number();
            lease.Run("create table b(id integer primary key, data); insert into b values (7, x'010203')");
            using SqlitePoolCommand command = lease.CreateCommand("select id, data from b");
            using DbDataReader reader = command.ExecuteReader();
            Assert.True(reader.Read());
            stream = reader.GetStream(1);
            Assert.Equal(1, stream.ReadByte());
        }

        Assert.Throws<ObjectDisposedException>(() => stream.ReadByte());
        using SqlitePoolConnection next = pool.Rent();
        Assert.Equal(number, next.Number());
        next.Run("insert into b values (8, 'next')");
        Assert.Equal("2", next.Ask("select count(*) from b"));
    }

    [Fact]
    public void A_stream_and_memory_are_stored_as_blobs()
    {
        using MemoryStream stream = new([1, 2, 3, 4]) { Position = 1 };
        Assert.Equal("X'020304'", Stored(stream));
        Assert.Equal("X'020304'", Stored(stream));
        Assert.Equal("X'0102'", Stored((ReadOnlyMemory<byte>)new byte[] { 1, 2 }));
        Assert.Equal("X'0102'", Stored((Memory<byte>)new byte[] { 1, 2 }));
        Assert.Equal("0.5", Stored((Half)0.5));
        Assert.Equal("'000000000000000000000000000000000000007'", Stored((UInt128)7));
    }

    [Fact]
    public void Many_parameters_in_any_order_are_found_by_their_names()
    {
        const int Count = 30_000;
        using SqlitePoolCommand command = _ours.CreateCommand(
            $"select sum(column1) from (values {string.Join(", ", Enumerable.Range(0, Count).Select(i => $"($p{i})"))})"
        );
        for (int i = Count - 1; i >= 0; i--)
        {
            command.Parameters.AddWithValue($"$p{i}", 1);
        }

        // SQLite itself takes seconds to prepare it, and on a busy machine more than the default.
        command.CommandTimeout = 0;
        Assert.Equal((long)Count, command.ExecuteScalar());
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
        _pool.Dispose();
    }

    private static readonly Func<DbDataReader, object?>[] Getters =
    [
        r => r.GetValue(0),
        r => r[0],
        r => r["X"],
        r => r.IsDBNull(0),
        r => r.GetBoolean(0),
        r => r.GetByte(0),
        r => r.GetChar(0),
        r => r.GetInt16(0),
        r => r.GetInt32(0),
        r => r.GetInt64(0),
        r => r.GetFloat(0),
        r => r.GetDouble(0),
        r => r.GetDecimal(0),
        r => r.GetDateTime(0).ToString("o"),
        r => r.GetDateTime(0).Kind,
        r => r.GetGuid(0),
        r => r.GetString(0),
        r => r.GetFieldValue<DateTimeOffset>(0).ToString("o"),
        r => r.GetFieldValue<DateOnly>(0),
        r => r.GetFieldValue<TimeOnly>(0).Ticks,
        r => r.GetFieldValue<TimeSpan>(0),
        r => r.GetFieldValue<sbyte>(0),
        r => r.GetFieldValue<ushort>(0),
        r => r.GetFieldValue<uint>(0),
        r => r.GetFieldValue<ulong>(0),
        r => r.GetFieldValue<int>(0),
        r => r.GetFieldValue<string>(0),
        r => r.GetFieldValue<byte[]>(0),
        r => r.GetFieldValue<object>(0),
        r => r.GetFieldValue<Small>(0),
        r => r.GetFieldValue<Huge>(0),
        r => r.GetFieldValue<DayOfWeek>(0),
        r => r.IsDBNull(0) ? 0 : r.GetFieldValue<long?>(0),
        r => r.IsDBNull(0) ? 0 : r.GetFieldValue<DateOnly?>(0),
        r => r.GetTextReader(0).ReadToEnd(),
        r => r.GetStream(0).Length,
        r => r.GetBytes(0, 0, null, 0, 0),
        r => r.GetChars(0, 0, null, 0, 0),
        r => Bytes(r, 1),
        r => Chars(r, 0),
        r => r.GetFieldType(0),
        r => r.GetDataTypeName(0),
        r => r.GetOrdinal("missing"),
        r => r.HasRows,
        r => r.RecordsAffected,
    ];

    private static string Bytes(DbDataReader reader, int offset)
    {
        byte[] buffer = new byte[5];
        return $"{reader.GetBytes(0, offset, buffer, 1, 3)} {Convert.ToHexString(buffer)}";
    }

    private static string Chars(DbDataReader reader, int offset)
    {
        char[] buffer = new char[5];
        return $"{reader.GetChars(0, offset, buffer, 1, 3)} {new string(buffer)}";
    }

    private string? Stored(object value)
    {
        using SqlitePoolCommand command = _ours.CreateCommand("select quote($x)");
        command.Parameters.AddWithValue("$x", value);
        return (string?)command.ExecuteScalar();
    }

    private void Same(string sql, Func<DbDataReader, object?> get, int reads = 1) =>
        Assert.Equal(Outcome(_theirs, sql, get, reads), Outcome(_ours, sql, get, reads));

    private static string Outcome(DbConnection connection, string sql, Func<DbDataReader, object?> get, int reads)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        using DbDataReader reader = command.ExecuteReader();
        for (int i = 0; i < reads; i++)
        {
            reader.Read();
        }

        try
        {
            object? value = get(reader);
            return value is byte[] bytes
                ? Convert.ToHexString(bytes)
                : $"{value?.GetType()} {Convert.ToString(value, CultureInfo.InvariantCulture)}";
        }
        // Compared with what the other throws.
        catch (Exception e)
        {
            return e.GetType().Name;
        }
    }
}
