using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Configuration;

/// <summary>What is secret in a connection string is in nothing that the pool says.</summary>
public sealed class SecretsTests : IDisposable
{
    private const string Secret = "hunter2";

    private readonly TempDatabase _database = new();
    private readonly TestLog _log = new();

    [Theory]
    [InlineData("Data Source={0};Password=hunter2")]
    [InlineData("Data Source={0};password = \"hunter2\"")]
    [InlineData("Data Source=file:{0}?key=hunter2")]
    [InlineData("Data Source=file:{0}?mode=rwc&hexkey=hunter2;Password=hunter2")]
    public async Task It_is_in_no_property_message_exception_or_log(string connectionString)
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.ConnectionString = string.Format(null, connectionString, _database.Path);
        options.RentTimeout = TimeSpan.Zero;
        options.ShutdownTimeout = TimeSpan.Zero;
        await using SqlitePool pool = new(options, _log);
        List<string?> said = [pool.ConnectionString, pool.Name, pool.ToString(), options.ToString()];
        using (SqlitePoolConnection closed = pool.CreateConnection())
        {
            said.AddRange([closed.ConnectionString, closed.DataSource, closed.ToString()]);
        }

        Exception? failed = Record.Exception(() =>
        {
            using SqlitePoolConnection connection = pool.Rent();
            said.AddRange([connection.ConnectionString, connection.DataSource, pool.GetStatistics().ToString()]);
            said.Add(Assert.Throws<SqlitePoolTimeoutException>(() => pool.Rent()).ToString());
        });
        said.Add(failed?.ToString());
        await pool.DisposeAsync();
        said.Add(Assert.Throws<ObjectDisposedException>(() => pool.Rent()).ToString());
        said.Add(_log.Text);

        Assert.All(said, text => Assert.DoesNotContain(Secret, text ?? "", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(_database.Path, pool.ConnectionString, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Data Source={0};Password=hunter2")]
    [InlineData("Data Source={0};Password=hunter2;Mode=ReadWriteCreate")]
    [InlineData("Data Source=file:{0};Password=hunter2")]
    [InlineData("Data Source=:memory:;Password=hunter2")]
    [InlineData("Data Source=secrets;Mode=Memory;Cache=Shared;Password=hunter2")]
    public void A_password_for_an_engine_without_encryption_is_refused_before_there_is_a_file(string connectionString)
    {
        SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
        options.ConnectionString = string.Format(null, connectionString, _database.Path);
        using SqlitePool pool = new(options, _log);

        Exception error = Assert.Throws<InvalidOperationException>(() => pool.Rent());

        Assert.Contains("e_sqlite3", error.Message, StringComparison.Ordinal);
        Assert.Contains("cannot encrypt", error.Message, StringComparison.Ordinal);
        Assert.Contains("SQLite3MC.PCLRaw.bundle", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error + _log.Text, StringComparison.Ordinal);
        Assert.False(_database.Exists());
        Assert.Equal(1, pool.GetStatistics().OpenFailures);
        Assert.Throws<InvalidOperationException>(() => pool.RentWriter());
        Assert.False(_database.Exists());
    }

    [Theory]
    [InlineData("Data Source=x.db;Password=hunter2;Passwort=hunter2")]
    [InlineData("Data Source=x.db;Password=hunter2;Mode=Sideways")]
    [InlineData("Data Source=x.db;Password=hunter2;Cache=Shared")]
    [InlineData("Data Source=;Password=hunter2")]
    [InlineData("Data Source=:memory:;Password=hunter2")]
    public void It_is_not_in_what_is_said_about_options_either(string connectionString)
    {
        SqlitePoolOptions options = new()
        {
            ConnectionString = connectionString,
            PoolSize = 0,
            MaxOverflow = 3,
        };

        ArgumentException error = Assert.Throws<ArgumentException>(() => new SqlitePool(options));

        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Data Source=o.db;Password=hunter2")]
    [InlineData("Data Source=/var/o.db;Password=hunter2")]
    [InlineData("file:o.db?key=hunter2")]
    public async Task It_is_not_shown_where_a_connection_string_stands_in_the_place_of_a_name(string mistaken)
    {
        await using SqlitePoolSet set = new("tenants");
        await using SqlitePoolSet named = new(new SqlitePoolSetOptions { FileName = _ => mistaken });
        SqlitePoolSetOptions template = new() { Folder = "tenants" };
        template.Pool.Name = mistaken;
        Exception[] errors =
        [
            Assert.Throws<ArgumentException>(() =>
                new SqlitePool(new SqlitePoolOptions { ConnectionString = "Data Source=o.db", Name = mistaken })
            ),
            Assert.Throws<ArgumentException>(() => new SqlitePoolSet(mistaken)),
            Assert.Throws<ArgumentException>(() => new SqlitePoolSet(template)),
            Assert.Throws<ArgumentException>(() => set.GetPath(mistaken)),
            Assert.Throws<InvalidOperationException>(() => named.GetPath("a")),
            await Assert.ThrowsAsync<AggregateException>(() =>
                set.ForEachAsync([mistaken], (_, _, _) => Task.CompletedTask)
            ),
        ];

        Assert.All(
            errors,
            error =>
                Assert.Contains(
                    "is a connection string",
                    error.ToString().Replace("has answered", "is", StringComparison.Ordinal),
                    StringComparison.Ordinal
                )
        );
        Assert.All(errors, error => Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal));
        Assert.False(Directory.Exists("tenants"));
    }

    [Fact]
    public void A_failing_open_with_a_password_says_where_but_not_with_what()
    {
        using SqlitePool pool = new(
            new SqlitePoolOptions
            {
                ConnectionString = $"Data Source={_database.In("missing/x.db")};Password={Secret}",
            },
            _log
        );

        Exception error = Assert.ThrowsAny<Exception>(() => pool.Rent());

        Assert.DoesNotContain(Secret, error.ToString() + _log.Text, StringComparison.Ordinal);
        Assert.Contains("missing", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _log.Dispose();
        _database.Dispose();
    }
}
