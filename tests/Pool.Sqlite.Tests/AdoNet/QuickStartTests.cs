using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

public sealed class QuickStartTests
{
    [Fact]
    public async Task The_example_of_the_class_works_as_it_is_written()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.ConnectionString);
        using SqlitePoolConnection connection = await pool.RentAsync();
        using SqlitePoolCommand command = connection.CreateCommand("select count(*) from sqlite_master");
        object? tables = await command.ExecuteScalarAsync();

        Assert.Equal(0L, tables);
    }

    [Fact]
    public void A_new_pool_opens_nothing_and_creates_no_file()
    {
        using TempDatabase database = new();
        using SqlitePool pool = new(database.ConnectionString);

        Assert.False(database.Exists());
        Assert.Equal(0, pool.GetStatistics().Open);
    }

    [Fact]
    public async Task What_one_lease_writes_the_next_one_reads()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using (SqlitePoolConnection connection = await pool.RentAsync())
        {
            connection.Run(
                "create table note(id integer primary key, text text); insert into note(text) values('hello')"
            );
        }

        using SqlitePoolConnection other = pool.Rent();
        Assert.Equal("hello", other.Ask("select text from note where id = 1"));
    }

    [Fact]
    public async Task Parameters_keep_their_types()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using SqlitePoolConnection connection = await pool.RentAsync();
        using SqlitePoolCommand command = connection.CreateCommand(
            "select $text, $number, typeof($blob), $nothing is null"
        );
        command.Parameters.AddWithValue("$text", "it's");
        command.Parameters.AddWithValue("$number", 42);
        command.Parameters.AddWithValue("$blob", new byte[] { 1, 2 });
        SqliteParameter nothing = command.CreateParameter();
        nothing.ParameterName = "$nothing";
        nothing.Value = DBNull.Value;
        command.Parameters.Add(nothing);

        using DbDataReader reader = await command.ExecuteReaderAsync();

        Assert.True(await reader.ReadAsync());
        Assert.Equal(["it's", 42L, "blob", 1L], Enumerable.Range(0, 4).Select(reader.GetValue));
    }

    [Fact]
    public async Task A_prepared_command_runs_again_with_other_values()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using SqlitePoolConnection connection = await pool.RentAsync();
        connection.Run("create table n(value int)");
        using SqlitePoolCommand command = connection.CreateCommand("insert into n values($value)");
        SqliteParameter value = command.Parameters.Add("$value", SqliteType.Integer);
        command.Prepare();

        for (int i = 1; i <= 4; i++)
        {
            value.Value = i;
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        Assert.Equal("10", connection.Ask("select sum(value) from n"));
    }

    [Fact]
    public async Task Several_statements_in_one_text_give_several_results()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using SqlitePoolConnection connection = await pool.RentAsync();
        using SqlitePoolCommand command = connection.CreateCommand("select 1; create table x(y); select 2");

        using DbDataReader reader = await command.ExecuteReaderAsync();

        Assert.True(reader.Read());
        Assert.Equal(1, reader.GetInt32(0));
        Assert.True(reader.NextResult());
        Assert.True(reader.Read());
        Assert.Equal(2, reader.GetInt32(0));
        Assert.False(reader.NextResult());
    }

    [Fact]
    public async Task An_error_in_SQL_is_the_drivers_and_leaves_the_lease_usable()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using SqlitePoolConnection connection = await pool.RentAsync();

        SqliteException error = Assert.Throws<SqliteException>(() => connection.Run("selekt 1"));

        Assert.Contains("selekt", error.Message, StringComparison.Ordinal);
        Assert.Equal("1", connection.Ask("select 1"));
    }

    [Fact]
    public async Task A_blob_can_be_read_as_a_stream_through_the_drivers_connection()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using SqlitePoolConnection connection = await pool.RentAsync();
        connection.Run("create table b(id integer primary key, data); insert into b values(7, x'010203')");

        using SqliteBlob blob = new(connection.SqliteConnection, "b", "data", 7, readOnly: true);

        Assert.Equal(3, blob.Length);
        Assert.Equal(1, blob.ReadByte());
    }

    [Fact]
    public async Task The_lease_tells_what_it_is_connected_to()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using SqlitePoolConnection connection = await pool.RentAsync();

        Assert.Equal("main", connection.Database);
        Assert.Equal(database.Path, connection.DataSource);
        Assert.Equal(connection.Ask("select sqlite_version()"), connection.ServerVersion);
        Assert.Equal(pool.ConnectionString, connection.ConnectionString);
        Assert.Equal(30, connection.ConnectionTimeout);
        Assert.Equal("test.db", pool.Name);
        Assert.NotEmpty(connection.GetSchema().Rows);
    }

    [Fact]
    public async Task What_belongs_to_the_pool_cannot_be_changed_on_a_lease()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using SqlitePoolConnection connection = await pool.RentAsync();

        Assert.Throws<InvalidOperationException>(() => connection.ConnectionString = "Data Source=other.db");
        Assert.Throws<NotSupportedException>(() => connection.ChangeDatabase("other"));
    }

    [Fact]
    public async Task A_command_of_another_provider_is_refused_by_name()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new(database.Options());
        using SqlitePoolConnection connection = await pool.RentAsync();
        System.Data.Common.DbCommand command = connection.CreateCommand();

        InvalidCastException error = Assert.Throws<InvalidCastException>(() =>
            command.Connection = new SqliteConnection()
        );

        Assert.Contains("SqliteConnection", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_default_timeout_of_the_connection_string_is_that_of_the_commands()
    {
        using TempDatabase database = new();
        await using SqlitePool pool = new($"{database.ConnectionString};Default Timeout=7");
        using SqlitePoolConnection connection = await pool.RentAsync();
        using SqlitePoolCommand command = connection.CreateCommand("select 1");

        Assert.Equal(7, command.CommandTimeout);
    }
}
