namespace Pool.Sqlite.Tests.Configuration;

public sealed class PoolSetOptionsTests
{
    [Theory]
    [InlineData("contoso")]
    [InlineData("42")]
    [InlineData("a.b-c_d e")]
    [InlineData("müller")]
    [InlineData("d2f0a8c1-0d3e-4b57-9c1e-6f0a1b2c3d4e")]
    [InlineData("😀")]
    [InlineData("console")]
    public async Task A_key_that_is_a_file_name_everywhere_is_taken(string key)
    {
        await using SqlitePoolSet set = new("tenants");
        Assert.Equal(Path.GetFullPath($"tenants/{key}.db"), set.GetPath(key));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("..\\x")]
    [InlineData("a/b")]
    [InlineData("/etc/passwd")]
    [InlineData("C:x")]
    [InlineData("\\\\server\\share")]
    [InlineData(".hidden")]
    [InlineData("trailing.")]
    [InlineData("trailing ")]
    [InlineData(" leading")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a\u202eb")]
    [InlineData("a\ud800b")]
    [InlineData("a*")]
    [InlineData("what?mode=memory")]
    [InlineData("con")]
    [InlineData("NUL.txt")]
    [InlineData("lpt1")]
    [InlineData("COM¹")]
    [InlineData("a-wal")]
    [InlineData("a-shm")]
    [InlineData("a-journal")]
    public async Task A_key_that_is_not_is_refused(string key)
    {
        await using SqlitePoolSet set = new("tenants");
        ArgumentException refused = Assert.Throws<ArgumentException>(() => set.GetPool(key));
        Assert.Equal("key", refused.ParamName);
        Assert.Contains("The key '", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => set[key]);
        Assert.Throws<ArgumentException>(() => set.GetPath(key));
        await Assert.ThrowsAsync<ArgumentException>(async () => await set.RentAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(async () => await set.RentReaderAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(async () => await set.RentWriterAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(() => set.RemoveAsync(key));
        Assert.False(Directory.Exists("tenants"));
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_refused()
    {
        await using SqlitePoolSet set = new("tenants");
        Assert.NotNull(set.GetPath(new string('x', 200)));
        Assert.Throws<ArgumentException>(() => set.GetPath(new string('x', 201)));
        Assert.Throws<ArgumentException>(() => set.GetPath(new string('ü', 101)));
        Assert.Throws<ArgumentNullException>(() => set.GetPath(null!));
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        SqlitePoolSetOptions options = new()
        {
            Extension = "db",
            MaxOpenConnections = 0,
            MaxOpenPools = -1,
            PoolIdleTimeout = TimeSpan.Zero,
        };
        options.Pool.PoolSize = 0;
        options.Pool.MinIdle = 1;

        string message = Assert.Throws<ArgumentException>(() => new SqlitePoolSet(options)).Message;

        string[] names =
        [
            "Folder",
            "Extension",
            "MaxOpenConnections",
            "MaxOpenPools",
            "PoolIdleTimeout",
            "PoolSize",
            "MinIdle",
        ];
        Assert.All(names, name => Assert.Contains(name, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Data Source=app.db", "Data Source")]
    [InlineData("Filename=app.db", "Data Source")]
    [InlineData("Mode=Memory", "memory")]
    [InlineData("Pool Sice=3", "Pool Size")]
    [InlineData("no connection string", "not a connection string")]
    public void A_template_that_cannot_be_one_is_refused(string template, string said)
    {
        SqlitePoolSetOptions options = new() { Folder = "tenants" };
        options.Pool.ConnectionString = template;
        Assert.Contains(
            said,
            Assert.Throws<ArgumentException>(() => new SqlitePoolSet(options)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_set_without_a_folder_has_that_one_error()
    {
        string message = Assert.Throws<ArgumentException>(() => new SqlitePoolSet("")).Message;
        Assert.Contains("Neither Folder nor FileName is set", message, StringComparison.Ordinal);
        Assert.DoesNotContain("memory", message, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.NewLine, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_that_cannot_be_one_hides_nothing_else()
    {
        SqlitePoolSetOptions options = new() { Folder = "tenants" };
        options.Pool.ConnectionString = "Data Source=app.db";
        options.Pool.PoolSize = 0;
        string message = Assert.Throws<ArgumentException>(() => new SqlitePoolSet(options)).Message;
        Assert.Contains("Pool.ConnectionString has a Data Source", message, StringComparison.Ordinal);
        Assert.Contains("Pool.PoolSize is 0", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_are_copied()
    {
        SqlitePoolSetOptions options = new() { Folder = "tenants" };
        await using SqlitePoolSet set = new(options);
        options.Folder = "elsewhere";
        options.Pool.PoolSize = 99;
        Assert.Equal(Path.GetFullPath("tenants/a.db"), set.GetPath("a"));
    }

    [Fact]
    public async Task A_naming_function_without_a_list_of_keys_cannot_find_them()
    {
        await using SqlitePoolSet set = new(new SqlitePoolSetOptions { FileName = static key => $"{key}.sqlite" });
        string message = Assert.Throws<InvalidOperationException>(() => set.FindKeys()).Message;
        Assert.Contains("ListKeys", message, StringComparison.Ordinal);
    }
}
