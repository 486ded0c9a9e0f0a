using System.Globalization;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Configuration;

/// <summary>Messages are in English, wherever the program runs: so are their figures.</summary>
public sealed class CultureTests : IDisposable
{
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;
    private readonly TempDatabase _database = new();

    public CultureTests()
    {
        CultureInfo elsewhere = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        elsewhere.NumberFormat.NumberDecimalSeparator = ",";
        elsewhere.NumberFormat.NegativeSign = "−";
        CultureInfo.CurrentCulture = elsewhere;
    }

    [Fact]
    public void A_value_that_is_refused()
    {
        SqlitePoolOptions options = _database.Options(size: -1);

        Assert.Contains(
            "PoolSize is -1.",
            Assert.Throws<ArgumentException>(() => new SqlitePool(options)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_key_of_a_connection_string()
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = $"{_database.ConnectionString};Rent Timeout=0.25;Cache Size KiB=512",
        };

        OptionsCheck.Check(options);

        Assert.Equal((TimeSpan.FromSeconds(0.25), 512), (options.RentTimeout, options.Pragmas.CacheSizeKiB));
    }

    [Fact]
    public void A_lock_that_another_process_holds()
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(150);
        using SqlitePool pool = new(options);
        using SqlitePoolConnection connection = pool.Rent();
        connection.Run("create table t(x)");
        using SqliteConnection other = _database.OpenDirectly();
        other.Run("begin immediate");

        string message = Assert.Throws<SqliteException>(() => connection.Run("insert into t values (1)")).Message;

        Assert.Contains("lock that the statement needs for ", message, StringComparison.Ordinal);
        Assert.DoesNotMatch("[0-9],", message);
    }

    public void Dispose()
    {
        CultureInfo.CurrentCulture = _before;
        _database.Dispose();
    }
}
