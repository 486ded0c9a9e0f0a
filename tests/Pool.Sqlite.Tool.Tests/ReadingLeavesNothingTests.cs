using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tool.Tests;

/// <summary>A command that only looks at a database leaves its folder, and its file, as they were.</summary>
public sealed class ReadingLeavesNothingTests : ToolTest
{
    public static TheoryData<string> Commands => ["check", "stats", "query", "backup"];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task What_SQLite_needs_to_read_is_gone_at_the_end(string command)
    {
        Make("pragma journal_mode = wal; create table t (x); insert into t values (1)");
        Assert.Equal(["app.db"], Files());
        byte[] before = await File.ReadAllBytesAsync(File1);
        DateTime written = File.GetLastWriteTimeUtc(File1);

        Assert.Equal(ExitCode.Success, await Look(command, File1));

        Assert.Equal(command == "backup" ? ["app.db", "copy.db"] : ["app.db"], Files());
        Assert.Equal(before, await File.ReadAllBytesAsync(File1));
        Assert.Equal(written, File.GetLastWriteTimeUtc(File1));
    }

    [Fact]
    public async Task Also_when_the_command_fails()
    {
        Make("pragma journal_mode = wal; create table t (x)");
        Assert.Equal(ExitCode.Failure, (await Run("query", File1, "select * from missing")).Code);
        Assert.Equal(["app.db"], Files());
    }

    [Fact]
    public async Task Also_through_a_symbolic_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making a link takes a privilege there.");
        Make("pragma journal_mode = wal; create table t (x)");
        File.CreateSymbolicLink(In("link.db"), File1);
        Assert.Equal(ExitCode.Success, await Look("check", In("link.db")));
        Assert.Equal(["app.db", "link.db"], Files());
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task What_is_in_use_stays(string command)
    {
        Make("pragma journal_mode = wal; create table t (x)");
        using SqliteConnection other = Open();
        Run(other, "select * from t");
        Assert.Equal(ExitCode.Success, await Look(command, File1));
        Run(other, "insert into t values (1)");
        Assert.Equal(["app.db-shm", "app.db-wal"], Files().Where(static name => name.Contains('-')));
        Assert.Equal("1", Ask("select count(*) from t"));
    }

    [Fact]
    public async Task What_somebody_opens_meanwhile_stays()
    {
        Make("pragma journal_mode = wal; create table t (x)");
        SqliteConnection other;
        await using (ReadDatabase database = DatabaseFile.OpenToRead(File1))
        {
            using SqlitePoolConnection connection = await database.Pool.RentReaderAsync();
            Assert.Equal("0", connection.Ask("select count(*) from t"));
            other = Open();
            Run(other, "select * from t");
        }

        Run(other, "insert into t values (1)");
        Assert.Equal("1", Ask("select count(*) from t"));
        other.Dispose();
        Assert.Equal(["app.db"], Files());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_that_was_there_stays_with_all_that_is_in_it(bool hadIndex)
    {
        Make("pragma journal_mode = wal; create table t (x)");
        using (SqliteConnection other = Open())
        {
            Run(other, "insert into t values (1)");
            File.Copy(File1, In("left.db"));
            File.Copy(File1 + "-wal", In("left.db-wal"));
            if (hadIndex)
            {
                File.Copy(File1 + "-shm", In("left.db-shm"));
            }
        }

        byte[] database = await File.ReadAllBytesAsync(In("left.db"));
        byte[] log = await File.ReadAllBytesAsync(In("left.db-wal"));
        string[] files = Files();

        (int code, string output, _) = await Run("query", In("left.db"), "select count(*) as n from t", "--json");

        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("\"n\":1", output, StringComparison.Ordinal);
        Assert.Equal(files, Files());
        Assert.Equal(database, await File.ReadAllBytesAsync(In("left.db")));
        Assert.Equal(log, await File.ReadAllBytesAsync(In("left.db-wal")));
    }

    [Fact]
    public async Task What_somebody_has_written_meanwhile_stays_in_the_log()
    {
        Make("pragma journal_mode = wal; create table t (x)");
        byte[] before = await File.ReadAllBytesAsync(File1);
        await using (ReadDatabase database = DatabaseFile.OpenToRead(File1))
        {
            using SqlitePoolConnection connection = await database.Pool.RentReaderAsync();
            Assert.Equal("0", connection.Ask("select count(*) from t"));
            using SqliteConnection other = Open();
            Run(other, "insert into t values (1)");
        }

        Assert.Equal(before, await File.ReadAllBytesAsync(File1));
        Assert.Equal(["app.db", "app.db-shm", "app.db-wal"], Files());
        Assert.Equal("1", Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData("app.db", "the database itself")]
    [InlineData("app.db-wal", "belongs to it")]
    [InlineData("", "TO is empty")]
    [InlineData(".", "is a folder")]
    public async Task A_copy_onto_itself_is_refused_in_its_own_words(string to, string expected)
    {
        Make("pragma journal_mode = wal; create table t (x); insert into t values (1)");
        (int code, string output, string error) = await Run("backup", File1, to.Length > 0 ? In(to) : to);
        Assert.Equal((ExitCode.Failure, ""), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("pool's", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", error, StringComparison.Ordinal);
        Assert.Equal("1", Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_restore_from_itself_is_refused_in_its_own_words()
    {
        Make("create table t (x); insert into t values (1)");
        (int code, _, string error) = await Run("restore", File1, File1);
        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains("the database itself", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter", error, StringComparison.Ordinal);
        Assert.Equal("1", Ask("select count(*) from t"));
    }

    private async Task<int> Look(string command, string path)
    {
        string[] arguments = command switch
        {
            "query" => [command, path, "select * from t"],
            "backup" => [command, path, In("copy.db")],
            _ => [command, path],
        };
        return (await Run(arguments)).Code;
    }

    private SqliteConnection Open()
    {
        SqliteConnection connection = new($"Data Source={File1};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
