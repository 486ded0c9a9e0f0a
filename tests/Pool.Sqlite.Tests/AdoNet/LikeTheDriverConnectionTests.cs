using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>What a connection tells frameworks is what the driver would tell.</summary>
public sealed class LikeTheDriverConnectionTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Fact]
    public async Task Its_connection_string_has_the_drivers_keys_alone_so_that_the_driver_can_parse_it()
    {
        await using SqlitePool pool = new(
            $"{_database.ConnectionString};Pool Size=2;Synchronous=Full;Default Timeout=7;Password="
        );
        using SqlitePoolConnection connection = await pool.RentAsync();
        SqliteConnectionStringBuilder parsed = new(connection.ConnectionString);
        Assert.Equal(_database.Path, parsed.DataSource);
        Assert.Equal(7, parsed.DefaultTimeout);
        Assert.DoesNotContain("Pool", connection.ConnectionString, StringComparison.Ordinal);
        Assert.Contains("Pool Size=2", pool.ConnectionString, StringComparison.Ordinal);
        Assert.Equal(connection.ConnectionString, pool.CreateConnection().ConnectionString);
    }

    [Fact]
    public async Task Its_own_connection_string_can_be_set_on_it_and_leaves_it_with_its_pool()
    {
        await using SqlitePool pool = new($"{_database.ConnectionString};Pool Size=2");
        using SqlitePoolConnection connection = pool.CreateConnection();
        connection.ConnectionString = connection.ConnectionString;
        connection.ConnectionString = pool.ConnectionString;
        await connection.OpenAsync();
        Assert.Equal(1, pool.GetStatistics().InUse);
    }

    [Theory]
    [InlineData("Data Source=parsed;Mode=Memory;Cache=Shared;Pool Size=2")]
    [InlineData("Data Source=:memory:;Pool Name=x")]
    public async Task Of_a_memory_database_the_driver_can_parse_it_too(string connectionString)
    {
        await using SqlitePool pool = new(connectionString);
        using SqlitePoolConnection connection = await pool.RentAsync();
        Assert.StartsWith(
            new SqliteConnectionStringBuilder(connection.ConnectionString).DataSource,
            connectionString["Data Source=".Length..],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Its_schema_and_version_are_there_while_it_is_closed()
    {
        using SqlitePool pool = new(_database.Options());
        using DbConnection connection = pool.CreateConnection();
        using SqliteConnection driver = new(_database.ConnectionString);
        Assert.Equal(Rows(driver.GetSchema()), Rows(connection.GetSchema()));
        Assert.Equal(Rows(driver.GetSchema("ReservedWords")), Rows(connection.GetSchema("ReservedWords")));
        Assert.Throws<ArgumentException>(() => connection.GetSchema("Unknown"));
        Assert.Equal(driver.ServerVersion, connection.ServerVersion);
        Assert.Equal(driver.Database, connection.Database);
        Assert.Equal(ConnectionState.Closed, connection.State);
        Assert.False(_database.Exists());
        connection.Open();
        Assert.Equal(Rows(driver.GetSchema()), Rows(connection.GetSchema()));
        connection.Dispose();
        Assert.Throws<ObjectDisposedException>(() => connection.GetSchema());

        static string[] Rows(DataTable table) =>
            [.. table.Rows.Cast<DataRow>().Select(row => string.Join('|', row.ItemArray))];
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_command_or_batch_on_one_that_was_never_opened_says_so(bool hasPool)
    {
        await using SqlitePool pool = new(_database.Options());
        await using SqlitePoolConnection connection = hasPool ? pool.CreateConnection() : new SqlitePoolConnection();
        using SqlitePoolCommand command = connection.CreateCommand("select 1");
        using SqlitePoolBatch batch = connection.CreateBatch();
        batch.BatchCommands.Add(new SqlitePoolBatchCommand { CommandText = "select 1" });
        Action[] uses =
        [
            () => command.ExecuteNonQuery(),
            () => command.ExecuteScalar(),
            () => command.ExecuteReader(),
            () => command.Prepare(),
            () => batch.ExecuteNonQuery(),
            () => batch.ExecuteScalar(),
            () => batch.ExecuteReader(),
            () => batch.Prepare(),
            () => connection.BeginTransaction(),
            () => connection.Retire(),
        ];
        Assert.All(uses, static use => Assert.Throws<InvalidOperationException>(use));
        Func<Task>[] asynchronousUses =
        [
            () => command.ExecuteNonQueryAsync(),
            () => command.ExecuteScalarAsync(),
            () => command.ExecuteReaderAsync(),
            () => command.PrepareAsync(),
            () => batch.ExecuteNonQueryAsync(),
            () => batch.ExecuteScalarAsync(),
            () => batch.ExecuteReaderAsync(),
            () => batch.PrepareAsync(),
            () => connection.BeginTransactionAsync().AsTask(),
        ];
        foreach (Func<Task> use in asynchronousUses)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(use);
        }
    }

    public void Dispose() => _database.Dispose();
}
