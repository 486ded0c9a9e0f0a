using System.Text.Json;

namespace Pool.Sqlite.Tool.Tests;

public sealed class SqliteCommandTests : ToolTest
{
    [Fact]
    public async Task Check_of_a_sound_database_shows_its_settings()
    {
        Make("pragma journal_mode = wal; create table t (x); pragma user_version = 7");
        (int code, string output, _) = await Run("check", File1);
        Assert.Equal(ExitCode.Success, code);
        Assert.Matches(@"integrity +ok", output);
        Assert.Matches(@"journal mode +wal", output);
        Assert.Matches(@"user version +7", output);
        Assert.DoesNotContain("Findings", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_gives_advice_and_changes_nothing()
    {
        Make("create table t (x); create index i on t (x)");
        (int code, string output, _) = await Run("check", File1, "--json");
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(ExitCode.Success, code);
        Assert.True(json.RootElement.GetProperty("ok").GetBoolean());
        string advice = json.RootElement.GetProperty("advice").ToString();
        Assert.Contains("journal_mode=WAL", advice, StringComparison.Ordinal);
        Assert.Contains("ANALYZE", advice, StringComparison.Ordinal);
        Assert.Equal("delete", Ask("pragma journal_mode"));
        Assert.Equal(["app.db"], Files());
    }

    [Fact]
    public async Task Check_finds_damage_and_ends_with_1()
    {
        Make(
            "create table t (x); with n (i) as (select 1 union all select i + 1 from n where i < 3000) insert "
                + "into t select randomblob(100) from n"
        );
        using (FileStream file = File.OpenWrite(File1))
        {
            file.Position = 4096 * 5;
            file.Write(new byte[4096 * 3]);
        }

        (int code, string output, _) = await Run("check", File1);
        Assert.Equal(ExitCode.Findings, code);
        Assert.Contains("DAMAGED", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_finds_a_row_that_refers_to_nothing()
    {
        Make(
            "pragma foreign_keys = off; create table p (id integer primary key); create table c (p references p); "
                + "insert into c values (5)"
        );
        (int code, string output, _) = await Run("check", File1);
        Assert.Equal(ExitCode.Findings, code);
        Assert.Contains("Findings", output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, (await Run("check", File1, "--quick")).Code);
    }

    [Fact]
    public async Task Stats_show_each_table()
    {
        Make(
            "create table \"or'ders\" (x unique, y); insert into \"or'ders\" values (1, 'abc'), (2, x'0011'), (3, "
                + "null); create table empty (x)"
        );
        (int code, string output, _) = await Run("stats", File1);
        Assert.Equal(ExitCode.Success, code);
        Assert.Matches(@"or'ders +3 +8 bytes +1", output);
        using JsonDocument json = JsonDocument.Parse((await Run("stats", File1, "--json")).Output);
        Assert.Equal(
            [3, 0],
            json.RootElement.EnumerateArray().Select(static table => table.GetProperty("rows").GetInt32())
        );
    }

    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    public async Task A_backup_can_be_restored(string mode)
    {
        Make($"pragma journal_mode = {mode}; create table t (x); insert into t values (1), (2)");
        Assert.Equal(ExitCode.Success, (await Run("backup", File1, In("copy.db"))).Code);
        Make("delete from t");

        (int code, string output, _) = await Run("restore", In("copy.db"), File1);

        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("has the content", output, StringComparison.Ordinal);
        Assert.Equal("2", Ask("select count(*) from t"));
    }

    [Fact]
    public async Task A_restore_makes_a_database_that_is_not_there()
    {
        Make("create table t (x); insert into t values (1)", In("copy.db"));
        Assert.Equal(ExitCode.Success, (await Run("restore", In("copy.db"), File1)).Code);
        Assert.Equal("1", Ask("select count(*) from t"));
    }

    [Fact]
    public async Task What_is_no_backup_leaves_the_database_as_it_is()
    {
        Make("create table t (x); insert into t values (1)");
        await File.WriteAllTextAsync(In("copy.db"), new string('x', 5000));
        (int code, _, string error) = await Run("restore", In("copy.db"), File1);
        Assert.Equal(ExitCode.Failure, code);
        Assert.NotEmpty(error);
        Assert.Equal("1", Ask("select count(*) from t"));
    }

    [Theory]
    [InlineData("wal")]
    [InlineData("delete")]
    public async Task Vacuum_gives_free_pages_back_and_keeps_the_journal_mode(string mode)
    {
        Make(
            $"pragma journal_mode = {mode}; create table t (x); with n (i) as (select 1 union all select i + 1 "
                + $"from n where i < 3000) "
                + "insert into t select randomblob(100) from n; delete from t"
        );
        long before = new FileInfo(File1).Length;
        (int code, _, _) = await Run("vacuum", File1);
        Assert.Equal(ExitCode.Success, code);
        Assert.True(new FileInfo(File1).Length < before / 2);
        Assert.Equal(mode, Ask("pragma journal_mode"));
    }

    [Fact]
    public async Task Checkpoint_moves_the_log_into_the_file()
    {
        Make("pragma journal_mode = wal; create table t (x)");
        using Microsoft.Data.Sqlite.SqliteConnection other = new($"Data Source={File1};Pooling=False");
        other.Open();
        using Microsoft.Data.Sqlite.SqliteCommand command = other.CreateCommand();
        command.CommandText = "insert into t values (1)";
        command.ExecuteNonQuery();
        Assert.True(new FileInfo(File1 + "-wal").Length > 0);

        (int code, string output, _) = await Run("checkpoint", File1);

        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("moved into the file", output, StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(File1 + "-wal").Length);
    }

    [Fact]
    public async Task Checkpoint_of_a_database_without_a_log_says_so()
    {
        Make("create table t (x)");
        (int code, string output, _) = await Run("checkpoint", File1);
        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("no write-ahead log", output, StringComparison.Ordinal);
        Assert.Equal("delete", Ask("pragma journal_mode"));
    }

    [Fact]
    public async Task Query_shows_a_table()
    {
        Make(
            "create table t (id integer primary key, name text, data blob); insert into t values (1, 'one', "
                + "x'0102'), (22, null, null)"
        );
        (int code, string output, string error) = await Run("query", File1, "select * from t order by id");
        Assert.Equal(ExitCode.Success, code);
        Assert.Equal(
            ["id  name  data", "--  ----  ---------", " 1  one   [2 bytes]", "22  NULL  NULL"],
            output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.Contains("2 rows", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_writes_json()
    {
        Make("create table t (x)");
        string rows = (
            await Run(
                "query",
                File1,
                "select 1 as a, 'ü\"' as b, null as c, 1.5 as a, x'0102' as d "
                    + "union all select 2, '', 9e999, 2, ''",
                "--json"
            )
        ).Output;
        using JsonDocument json = JsonDocument.Parse(rows);
        JsonElement first = json.RootElement[0];
        Assert.Equal(
            (1, "ü\"", JsonValueKind.Null, 1.5, "AQI="),
            (
                first.GetProperty("a").GetInt32(),
                first.GetProperty("b").GetString(),
                first.GetProperty("c").ValueKind,
                first.GetProperty("a_2").GetDouble(),
                first.GetProperty("d").GetString()
            )
        );
        Assert.Equal("[]", (await Run("query", File1, "select * from t", "--json")).Output.Trim());
    }

    [Theory]
    [InlineData("insert into t values (1)", "query only reads")]
    [InlineData("delete from t", "query only reads")]
    [InlineData("delete from t returning x", "query only reads")]
    [InlineData("pragma journal_mode = wal", "query only reads")]
    [InlineData("select x from t where x = $x", "has parameters")]
    [InlineData("pragma user_version = 5", "query only reads")]
    [InlineData("pragma wal_checkpoint", "query only reads")]
    [InlineData("begin", "query only reads")]
    [InlineData("create temp table u (x)", "query only reads")]
    [InlineData("select 1; delete from t", "more than one statement")]
    [InlineData("select 1; select 2", "more than one statement")]
    [InlineData("select 1; not sql", "more than one statement")]
    [InlineData(";; select 1;; select 2", "more than one statement")]
    [InlineData("", "no statement")]
    [InlineData("  ; -- nothing\n ;", "no statement")]
    [InlineData("not sql", "syntax error")]
    public async Task Query_refuses_what_is_no_query_in_its_own_words(string sql, string expected)
    {
        Make("create table t (x); insert into t values (7)");
        foreach (
            string[] more in (string[][])
                [
                    [],
                    ["--json"],
                ]
        )
        {
            (int code, string output, string error) = await Run(["query", File1, sql, .. more]);
            Assert.Equal(ExitCode.Failure, code);
            Assert.Empty(output);
            Assert.Contains(expected, error, StringComparison.Ordinal);
            Assert.DoesNotContain("lease", error, StringComparison.Ordinal);
        }

        Assert.Equal("7", Ask("select x from t"));
        Assert.Equal("0", Ask("pragma user_version"));
    }

    [Theory]
    [InlineData("select x from t;")]
    [InlineData(" ; /* first */ select x from t; -- last")]
    [InlineData("with a as (select x from t) select x from a")]
    [InlineData("pragma table_info(t)")]
    [InlineData("explain query plan delete from t where x = 1")]
    [InlineData("pragma journal_mode")]
    [InlineData("pragma user_version")]
    public async Task Query_takes_one_statement_with_what_may_stand_around_it(string sql)
    {
        Make("create table t (x); insert into t values (7)");
        (int code, string output, string error) = await Run("query", File1, sql);
        Assert.Equal((ExitCode.Success, "1 row"), (code, error.Trim()));
        Assert.NotEmpty(output);
    }

    [Fact]
    public async Task What_is_no_database_is_told()
    {
        await File.WriteAllTextAsync(File1, new string('x', 5000));
        Assert.Equal(ExitCode.Findings, (await Run("check", File1)).Code);
        (int code, _, string error) = await Run("query", File1, "select 1 from t");
        Assert.Equal(ExitCode.Failure, code);
        Assert.NotEmpty(error);
    }
}
