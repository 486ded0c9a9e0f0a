using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>What a connection says of itself is what the driver's would say.</summary>
public sealed class DataSourceOfConnectionTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Fact]
    public async Task Of_a_file_it_is_the_full_path_once_open()
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, _database.Path);
        await using SqlitePool pool = new($"Data Source={relative}");
        await using SqlitePoolConnection connection = pool.CreateConnection();
        Assert.Equal(relative, connection.DataSource);
        await connection.OpenAsync();
        Assert.Equal(_database.Path, connection.DataSource);
    }

    [Theory]
    [InlineData("Data Source=app;Mode=Memory;Cache=Shared")]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=file:app?mode=memory&cache=shared")]
    public async Task In_memory_it_is_empty_as_the_drivers(string connectionString)
    {
        await using SqlitePool pool = new(connectionString);
        using SqlitePoolConnection connection = await pool.RentAsync();
        using SqliteConnection driver = new(connectionString);
        driver.Open();
        Assert.Equal(driver.DataSource, connection.DataSource);
        Assert.Equal("", connection.DataSource);
    }

    [Fact]
    public void EF_Core_does_not_delete_a_file_that_has_the_name_of_a_memory_database()
    {
        string name = _database.In("app");
        File.WriteAllText(name, "precious");
        using SqlitePool pool = new($"Data Source={name};Mode=Memory;Cache=Shared");
        using DbContext context = new(new DbContextOptionsBuilder().UseSqlite(pool.CreateConnection(), true).Options);
        context.Database.EnsureDeleted();
        Assert.True(File.Exists(name));
    }

    [Fact]
    public async Task A_relative_path_stays_the_same_file_for_all_connections_of_a_pool()
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, _database.Path);
        await using SqlitePool pool = new($"Data Source={relative}");
        await using SqlitePool uri = new($"Data Source=file:{relative}");
        await pool.ExecuteAsync($"create table t (v)");

        // As the driver gets it: with nothing left that depends on the working directory.
        using SqlitePoolConnection connection = await pool.RentAsync();
        using SqlitePoolConnection byUri = await uri.RentAsync();
        Assert.Equal(
            _database.Path,
            new SqliteConnectionStringBuilder(connection.SqliteConnection.ConnectionString).DataSource
        );
        Assert.Equal(_database.Path, byUri.DataSource);
        Assert.StartsWith(
            "file:/",
            byUri.SqliteConnection.DataSource.Length > 0
                ? new SqliteConnectionStringBuilder(byUri.SqliteConnection.ConnectionString).DataSource
                : "",
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Its_default_timeout_can_be_set()
    {
        await using SqlitePool pool = new(_database.ConnectionString + ";Default Timeout=7");
        using SqlitePoolConnection connection = await pool.RentAsync();
        Assert.Equal(7, connection.DefaultTimeout);
        connection.DefaultTimeout = 3;
        Assert.Equal(3, connection.CreateCommand().CommandTimeout);
        using SqlitePoolConnection other = await pool.RentAsync();
        Assert.Equal(7, other.CreateCommand().CommandTimeout);
    }

    public void Dispose() => _database.Dispose();
}
