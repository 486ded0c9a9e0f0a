using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>
/// What becomes of the rest of a text when its reader ends in the middle: with the reader, or its command, it is run as
/// by the driver.
/// </summary>
public sealed class OpenReaderLikeTheDriverTests : IDisposable
{
    private readonly TempDatabase _database = new();

    private static readonly Dictionary<string, Func<DbCommand, DbDataReader, Task>> Ends = new()
    {
        ["reader.Dispose"] = static (_, reader) => Done(reader.Dispose),
        ["reader.DisposeAsync"] = static (_, reader) => reader.DisposeAsync().AsTask(),
        ["reader.Close"] = static (_, reader) => Done(reader.Close),
        ["reader.CloseAsync"] = static (_, reader) => reader.CloseAsync(),
        ["command.Dispose"] = static (command, _) => Done(command.Dispose),
        ["command.DisposeAsync"] = static (command, _) => command.DisposeAsync().AsTask(),
        ["command.Dispose, then reader.Dispose"] = static (command, reader) =>
            Done(() =>
            {
                command.Dispose();
                reader.Dispose();
            }),
        ["reader.Dispose twice, then command.Dispose"] = static (command, reader) =>
            Done(() =>
            {
                reader.Dispose();
                reader.Dispose();
                command.Dispose();
            }),
    };

    private static readonly string[] Texts =
    [
        "select value from t",
        "select value from t; insert into t values (10)",
        "select value from t; insert into t values (10); select 1; insert into t values (20)",
        "insert into t values (10); select value from t; insert into t values (20)",
        "insert into t values (10), (11) returning value; insert into t values (20)",
        "select value from t; insert into t values (10) returning value; insert into t values (20)",
        "select value from t; insert into missing values (10); insert into t values (20)",
        "select value from t; insert into t values (null); insert into t values (20)",
        "select value from t; select nonsense(); insert into t values (20)",
        "select value from t; this is no SQL",
        "select value from t; begin; insert into t values (10); commit",
        "begin; insert into t values (10); select value from t; commit",
        "begin; insert into t values (10); select value from t; rollback",
        "begin; insert into t values (10); select value from t; insert into t values (null); commit",
        "savepoint s; insert into t values (10); select value from t; release s",
        "select value from t; create table made(x); insert into made values (1)",
        "select value from t; drop table t",
        "select value from t; pragma user_version = 7",
        "select value from t; -- comment",
    ];

    public static TheoryData<string, string, int> Cases
    {
        get
        {
            TheoryData<string, string, int> cases = [];
            foreach (string end in Ends.Keys)
            {
                foreach (string sql in Texts)
                {
                    cases.Add(end, sql, 0);
                    cases.Add(end, sql, 1);
                    cases.Add(end, sql, 9);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task With_reader_or_command_the_rest_is_run(string end, string sql, int reads)
    {
        Assert.SkipUnless(
            typeof(SqliteConnection).Assembly.GetName().Version!.Major >= 11,
            "It is the driver from version 11 on that is compared with."
        );
        await using SqlitePool pool = new("Data Source=:memory:");
        using SqlitePoolConnection ours = pool.Rent();
        using SqliteConnection theirs = new("Data Source=:memory:;Pooling=False");
        theirs.Open();
        Assert.Equal(await Outcome(theirs, end, sql, reads), await Outcome(ours, end, sql, reads));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Also_where_the_reader_closes_its_connection(bool async)
    {
        await using SqlitePool pool = new(_database.Options());
        await pool.ExecuteAsync($"create table t(value not null)");
        SqlitePoolConnection connection = pool.Rent();
        using SqlitePoolCommand command = connection.CreateCommand("select 1; insert into t values (10)");
        DbDataReader reader = command.ExecuteReader(CommandBehavior.CloseConnection);
        Assert.True(reader.Read());
        if (async)
        {
            await reader.DisposeAsync();
        }
        else
        {
            reader.Dispose();
        }

        Assert.Equal(ConnectionState.Closed, connection.State);
        Assert.Equal(1, await pool.ExecuteScalarAsync<long>($"select count(*) from t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task With_the_connection_it_is_not_run_where_the_driver_runs_it_outside_its_transaction(bool disposes)
    {
        await using SqlitePool pool = new($"Data Source={_database.In("ours.db")}");
        using SqliteConnection theirs = new($"Data Source={_database.In("theirs.db")};Pooling=False");
        Assert.Equal("20", CloseInTheMiddle(theirs, disposes));
        Assert.Equal("", CloseInTheMiddle(pool.CreateConnection(), disposes));

        static string? CloseInTheMiddle(DbConnection connection, bool disposes)
        {
            connection.Open();
            connection.Run("create table t(value)");
            DbTransaction transaction = connection.BeginTransaction();
            DbCommand command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "insert into t values (10); select 1 union all select 2; insert into t values (20)";
            Assert.True(command.ExecuteReader().Read());
            string source = connection.DataSource;
            if (disposes)
            {
                connection.Dispose();
            }
            else
            {
                connection.Close();
            }

            using SqliteConnection after = new($"Data Source={source};Pooling=False");
            after.Open();
            return after.Ask("select group_concat(value) from t");
        }
    }

    public void Dispose() => _database.Dispose();

    private static async Task<string> Outcome(DbConnection connection, string end, string sql, int reads)
    {
        connection.Run("create table t(value not null); insert into t values (1), (2), (3)");
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        DbDataReader reader = command.ExecuteReader();
        for (int i = 0; i < reads && reader.Read(); i++) { }

        string answer = "";
        try
        {
            await Ends[end](command, reader);
        }
        catch (Exception e) when (e is InvalidOperationException or SqliteException)
        {
            answer = $"{e.GetType().Name} {(e as SqliteException)?.SqliteErrorCode}, ";
        }

        answer += $"{reader.IsClosed} {reader.RecordsAffected}; ";
        using DbCommand ask = connection.CreateCommand();
        foreach (
            string question in (string[])
                [
                    "select group_concat(value) from t",
                    "select count(*) from made",
                    "pragma user_version",
                    "rollback",
                    "select group_concat(value) from t",
                ]
        )
        {
            ask.CommandText = question;
            try
            {
                answer += $"{ask.ExecuteScalar()}; ";
            }
            catch (SqliteException e)
            {
                answer += $"error {e.SqliteErrorCode}; ";
            }
        }

        return answer;
    }

    private static Task Done(Action end)
    {
        end();
        return Task.CompletedTask;
    }
}
