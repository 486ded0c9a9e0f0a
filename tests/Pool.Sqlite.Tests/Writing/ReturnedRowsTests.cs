using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>The rows of a statement that has written are those that the driver gives, and are read after its end.</summary>
public sealed class ReturnedRowsTests : IDisposable
{
    private const string Values =
        "(1), (-9223372036854775808), (0), (1.5), (-0.0), (9e999), ('text'), (''), ('nul' || char(0) || 'l'), "
        + "('Grüße 🚀'), (x'00ff'), (x''), (null), (cast(x'ff41' as text))";

    private readonly TempDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Theory]
    [InlineData("UTF-8")]
    [InlineData("UTF-16le")]
    public async Task Values_of_every_storage_class_are_those_of_the_driver(string encoding)
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.Additional["encoding"] = encoding;
        await using SqlitePool pool = new(options);
        using SqlitePoolConnection lease = pool.Rent();
        using TempDatabase other = new();
        using SqliteConnection driver = other.OpenDirectly();
        driver.Run($"pragma encoding = '{encoding}'");
        string[] texts =
        [
            $"insert into t(value) values {Values} returning id, value, typeof(value), value as again",
            "update t set value = value where id > 2 returning value, id",
            "delete from t where id = 99 returning *",
        ];
        foreach (DbConnection connection in (DbConnection[])[lease, driver])
        {
            using DbCommand create = connection.CreateCommand();
            create.CommandText = "create table t(id integer primary key, value)";
            create.ExecuteNonQuery();
        }

        foreach (string text in texts)
        {
            Assert.Equal(Told(driver, text), Told(lease, text));
        }
    }

    [Fact]
    public async Task Many_are_all_there_in_their_order()
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(id integer primary key, value)");
        const string Insert =
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) "
            + "insert into t(value) select 'v' || i from n returning id, value";
        using SqlitePoolCommand command = lease.CreateCommand(Insert);
        for (int round = 0; round < 2; round++)
        {
            using SqlitePoolDataReader reader = (SqlitePoolDataReader)await command.ExecuteReaderAsync();
            for (int i = 1; i <= 5000; i++)
            {
                Assert.True(await reader.ReadAsync());
                Assert.Equal((round * 5000) + i, reader.GetInt32(0));
                Assert.Equal($"v{i}", reader.GetString(1));
            }

            Assert.False(await reader.ReadAsync());
            Assert.Equal(5000, reader.RecordsAffected);
        }
    }

    [Fact]
    public async Task Two_readers_of_one_text_have_rows_of_their_own()
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(value)");
        const string Insert = "insert into t values ($v), ($v + 1) returning value";
        using SqlitePoolCommand first = lease.CreateCommand(Insert);
        using SqlitePoolCommand second = lease.CreateCommand(Insert);
        first.Parameters.AddWithValue("$v", 1);
        second.Parameters.AddWithValue("$v", 10);
        using DbDataReader one = first.ExecuteReader();
        using DbDataReader two = second.ExecuteReader();
        Assert.True(one.Read());
        Assert.True(two.Read());
        Assert.True(one.Read());
        Assert.Equal((2, 10), (one.GetInt32(0), two.GetInt32(0)));
        one.Dispose();
        Assert.True(two.Read());
        Assert.Equal(11, two.GetInt32(0));
    }

    [Fact]
    public async Task Results_after_one_another_have_rows_of_their_own()
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection lease = pool.Rent();
        lease.Run("create table t(value)");
        using DbDataReader reader = lease
            .CreateCommand(
                "insert into t values (1), (2) returning value; insert into t values (3); select count(*) from t; "
                    + "delete from t where value > 1 returning value, 'gone'"
            )
            .ExecuteReader();
        Assert.True(reader.Read());
        Assert.Equal(1, reader.GetInt32(0));
        Assert.True(reader.NextResult());
        Assert.True(reader.Read());
        Assert.Equal(3, reader.GetInt32(0));
        Assert.True(reader.NextResult());
        Assert.Equal(2, reader.FieldCount);
        Assert.True(reader.Read());
        Assert.Equal("gone", reader.GetString(1));
        Assert.True(reader.Read());
        Assert.False(reader.Read());
        Assert.False(reader.NextResult());
        Assert.Equal(5, reader.RecordsAffected);
        reader.Dispose();
        Assert.Equal("1", lease.Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_reader_that_its_lease_leaves_open_harms_nobody()
    {
        SqlitePoolOptions options = _database.Options();
        options.PoolSize = 1;
        options.MaxOverflow = 0;
        await using SqlitePool pool = new(options);
        await pool.ExecuteAsync($"create table t(value)");
        long before = pool.GetStatistics().Misses;
        List<DbDataReader> left = [];
        for (int i = 0; i < 3; i++)
        {
            SqlitePoolConnection lease = pool.Rent();
            DbDataReader reader = lease.CreateCommand("insert into t values (1), (2) returning value").ExecuteReader();
            Assert.True(reader.Read());
            left.Add(reader);
            lease.Dispose();
            Assert.True(reader.IsClosed);
            Assert.ThrowsAny<InvalidOperationException>(() => reader.GetInt32(0));
        }

        left.ForEach(reader => reader.Dispose());
        Assert.Equal(6, await pool.ExecuteScalarAsync<int>($"select count(*) from t"));
        Assert.Equal(before, pool.GetStatistics().Misses);
    }

    [Fact]
    public async Task One_that_waits_for_the_gate_is_run_by_the_thread_that_leaves_it()
    {
        await using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection holder = pool.Rent();
        holder.Run("create table t(value)");
        SqlitePoolTransaction transaction = holder.BeginTransaction();
        Task<int>[] reads = [.. Enumerable.Range(1, 5).Select(number => OtherFlow.Run(() => Insert(number)))];
        Assert.All(reads, read => Assert.False(read.IsCompleted));
        transaction.Commit();
        int[] read = await Task.WhenAll(reads).Limited();
        Assert.Equal([1, 2, 3, 4, 5], read);

        async Task<int> Insert(int number)
        {
            using SqlitePoolConnection lease = pool.Rent();
            using SqlitePoolCommand command = lease.CreateCommand("insert into t values ($n) returning value");
            command.Parameters.AddWithValue("$n", number);
            using DbDataReader reader = await command.ExecuteReaderAsync();
            Assert.True(await reader.ReadAsync());
            return reader.GetInt32(0);
        }
    }

    private static List<string> Told(DbConnection connection, string text)
    {
        List<string> told = [];
        using DbCommand command = connection.CreateCommand();
        command.CommandText = text;
        using DbDataReader reader = command.ExecuteReader();
        bool any = reader.HasRows;
        told.Add($"{any} {reader.FieldCount} {Changed()}");
        told.Add(Types(reader));
        while (reader.Read())
        {
            told.Add(Types(reader));
            for (int i = 0; i < reader.FieldCount; i++)
            {
                object value = reader.GetValue(i);
                told.Add(
                    value is byte[] bytes ? Convert.ToHexString(bytes)
                    : value is string s ? s.Replace('\0', '0')
                    : Convert.ToString(value, CultureInfo.InvariantCulture)!
                );

                // As text a blob is read in the encoding of the database, by SQLite 3.40 not where it was bound.
                bool isText = value is not (DBNull or byte[]);
                told.Add(isText ? $"{reader.GetFieldValue<string>(i).Length}" : $"{reader.IsDBNull(i)}");
            }
        }

        told.Add($"{reader.HasRows} {Changed()} {reader.NextResult()} {reader.RecordsAffected}");
        return told;

        // Without a row the driver tells the number when the result is left; here it is told at once.
        int? Changed() => any ? reader.RecordsAffected : null;
    }

    private static string Types(DbDataReader reader) =>
        string.Join(
            ", ",
            Enumerable
                .Range(0, reader.FieldCount)
                .Select(i => $"{reader.GetName(i)} {reader.GetDataTypeName(i)} {reader.GetFieldType(i).Name}")
        );
}
