using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>The first connection to a file: its format, and what is said when it cannot be opened.</summary>
public sealed class OpeningTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Theory]
    [InlineData("auto_vacuum", "INCREMENTAL", "2")]
    [InlineData("auto_vacuum", "full", "1")]
    [InlineData("auto_vacuum", "2", "2")]
    [InlineData("page_size", "8192", "8192")]
    [InlineData("encoding", "UTF-16", "UTF-16le")]
    [InlineData("encoding", "utf16be", "UTF-16be")]
    public void What_fixes_the_format_is_applied_to_a_new_file(string name, string value, string readsBack)
    {
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.Additional[name] = value;
        using (SqlitePool pool = new(options))
        {
            using SqlitePoolConnection one = pool.Rent();
            using SqlitePoolConnection two = pool.Rent();
            one.Run("create table t(x); insert into t values('text')");
            Assert.Equal(readsBack, one.Ask($"pragma {name}"));
            Assert.Equal(readsBack, two.Ask($"pragma {name}"));
            Assert.Equal("wal", one.Ask("pragma journal_mode"));
        }

        using SqlitePool again = new(options);
        using SqlitePoolConnection connection = again.Rent();
        Assert.Equal("text", connection.Ask("select x from t"));
    }

    [Theory]
    [InlineData("auto_vacuum", "INCREMENTAL")]
    [InlineData("page_size", "8192")]
    [InlineData("encoding", "UTF-16")]
    public void What_fixes_the_format_is_compared_with_a_file_that_exists(string name, string value)
    {
        using (SqliteConnection direct = _database.OpenDirectly())
        {
            direct.Run("create table t(x)");
        }

        SqlitePoolOptions options = _database.Options();
        options.Pragmas.Additional[name] = value;
        using SqlitePool pool = new(options);

        SqliteException refused = Assert.Throws<SqliteException>(() => pool.Rent());

        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.Contains("leave it out", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{0};Mode=ReadOnly", "Mode=ReadOnly does not create it")]
    [InlineData("{0};Mode=ReadWrite", "Mode=ReadWrite does not create it: leave Mode out")]
    [InlineData("file:{0}?mode=ro", "Mode=ReadOnly does not create it")]
    [InlineData("file:{0}?mode=rw", "Mode=ReadWrite does not create it: leave Mode out")]
    public void A_missing_file_that_is_not_to_be_created_is_told(string format, string advice)
    {
        string path = _database.In("missing.db");
        using SqlitePool pool = new("Data Source=" + string.Format(CultureInfo.InvariantCulture, format, path));

        string message = Assert.Throws<SqliteException>(() => pool.Rent()).Message;

        Assert.Contains($"The file does not exist, and {advice}", message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData(";Mode=ReadOnly")]
    [InlineData(";Mode=ReadWrite")]
    public void A_missing_folder_is_named(string mode)
    {
        string folder = _database.In("missing");
        using SqlitePool pool = new($"Data Source={Path.Combine(folder, "a.db")}{mode}");
        Assert.Contains(
            $"The folder '{folder}' does not exist",
            Assert.Throws<SqliteException>(() => pool.Rent()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_folder_in_the_place_of_the_file_is_named()
    {
        using SqlitePool pool = new($"Data Source={Directory.CreateDirectory(_database.In("folder")).FullName}");
        Assert.Contains(
            "is a folder",
            Assert.Throws<SqliteException>(() => pool.Rent()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_file_that_another_process_keeps_from_becoming_WAL_says_what_helps()
    {
        using SqliteConnection direct = _database.OpenDirectly();
        direct.Run("create table t(x)");
        direct.Run("begin; insert into t values(1)");
        SqlitePoolOptions options = _database.Options();
        options.Pragmas.BusyTimeout = TimeSpan.FromMilliseconds(50);
        options.CreateRetries = 0;
        using SqlitePool pool = new(options);

        string message = Assert.Throws<SqliteException>(() => pool.Rent()).Message;

        Assert.Contains("Journal Mode=Delete", message, StringComparison.Ordinal);
        Assert.Contains("Mode=ReadOnly", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_memdb_file_system_works(bool isShared)
    {
        string name = isShared ? $"/m{Guid.NewGuid():N}" : "m";
        using SqlitePool pool = new($"Data Source=file:{name}?vfs=memdb");
        using (SqlitePoolConnection connection = pool.Rent())
        {
            connection.Run("create table t(x); insert into t values(1)");
            if (isShared)
            {
                using SqlitePoolConnection other = pool.Rent();
                Assert.Equal("1", other.Ask("select count(*) from t"));
            }
        }

        Assert.False(File.Exists(name));
        using SqlitePoolConnection again = pool.Rent();
        Assert.Equal("1", again.Ask("select count(*) from t"));
    }

    [Fact]
    public void Without_an_engine_the_error_says_what_to_add()
    {
        // The library and its driver once more, in a context where nobody has given SQLitePCL an engine.
        NoEngine context = new();
        Type type = context
            .LoadFromAssemblyPath(typeof(SqlitePool).Assembly.Location)
            .GetType(typeof(SqlitePool).FullName!)!;
        object pool = Activator.CreateInstance(type, _database.ConnectionString)!;

        TargetInvocationException thrown = Assert.Throws<TargetInvocationException>(() =>
            type.GetMethod("Rent", [typeof(CancellationToken)])!.Invoke(pool, [CancellationToken.None])
        );

        Assert.IsType<InvalidOperationException>(thrown.InnerException);
        Assert.Contains(
            "dotnet add package Microsoft.Data.Sqlite",
            thrown.InnerException!.Message,
            StringComparison.Ordinal
        );
        ((IDisposable)pool).Dispose();
        context.Unload();
    }

    public void Dispose() => _database.Dispose();

    private sealed class NoEngine() : AssemblyLoadContext(isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name is "Microsoft.Data.Sqlite" or "SQLitePCLRaw.core"
                ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll"))
                : null;
    }
}
