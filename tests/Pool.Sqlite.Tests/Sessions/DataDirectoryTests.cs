using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>By itself, because the data directory is the process's.</summary>
[CollectionDefinition(nameof(DataDirectoryTests), DisableParallelization = true)]
[Collection(nameof(DataDirectoryTests))]
public sealed class DataDirectoryTests : IDisposable
{
    private const string DataDirectory = "DataDirectory";
    private readonly TempDatabase _database = new();

    [Theory]
    [InlineData("|DataDirectory|test.db")]
    [InlineData("|DataDirectory|/test.db")]
    [InlineData("test.db")]
    public void The_data_directory_is_looked_up_once_when_the_pool_is_made(string source)
    {
        object? before = AppDomain.CurrentDomain.GetData(DataDirectory);
        SqlitePool pool;
        try
        {
            AppDomain.CurrentDomain.SetData(DataDirectory, Path.GetDirectoryName(_database.Path));
            pool = new SqlitePool($"Data Source={source}");
        }
        finally
        {
            AppDomain.CurrentDomain.SetData(DataDirectory, before);
        }

        using (pool)
        using (SqlitePoolConnection connection = pool.Rent())
        {
            Assert.Equal(_database.Path, connection.DataSource);
            Assert.Equal(_database.Path, new SqliteConnectionStringBuilder(connection.ConnectionString).DataSource);
        }
    }

    public void Dispose() => _database.Dispose();
}
