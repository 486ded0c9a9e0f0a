using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>
/// The same SQL and parameters, through the pool and through the driver alone: what comes of it is the same. (But see
/// <see cref="Writing.ReturningTests"/>.)
/// </summary>
public sealed class SameAsDriverTests : IDisposable
{
    private const string Setup = """
        create table t(id integer primary key, value, unique(value));
        insert into t values (1, 'one'), (2, 2.5), (3, x'0102'), (4, null), (5, 5);
        create table parent(id integer primary key);
        create table child(id integer primary key, parent references parent(id));
        create table late(id integer primary key, parent references parent(id) deferrable initially deferred);
        create table checked(a check (a > 0), b not null default 1);
        """;

    private readonly SqlitePool _pool = new("Data Source=:memory:");
    private readonly SqliteConnection _theirs = new("Data Source=:memory:;Pooling=False");
    private readonly SqlitePoolConnection _ours;
    private readonly sqlite3 _oursNative;

    public SameAsDriverTests()
    {
        _ours = _pool.Rent();
        _oursNative = _ours.Native();
        _theirs.Open();
        _theirs.Run("pragma foreign_keys = on");
        _ours.Run(Setup);
        _theirs.Run(Setup);
    }

    public static TheoryData<string> Texts =>
        [
            "select 1",
            "select 1.0",
            "select 'x'",
            "select x'00ff'",
            "select x''",
            "select ''",
            "select null",
            "select 9223372036854775807",
            "select -9223372036854775808",
            "select 1e999",
            "select 'a' || char(0) || 'b'",
            "select '日本語 🎈'",
            "select zeroblob(3)",
            "select 1, 2, 3",
            "select 1 union all select 2",
            "select 1 where 0",
            "select value from t where id = 3",
            "select value from t where id = 4",
            "select count(*) from t",
            "select typeof(value) from t",
            "select changes()",
            "select last_insert_rowid()",
            "values (7)",
            "insert into t(value) values ('new')",
            "insert into t(value) values ('new'), ('newer')",
            "insert into t(value) values ('one')",
            "insert or ignore into t(value) values ('one')",
            "insert or replace into t(value) values ('one')",
            "insert into t(id, value) values (1, 'again')",
            "insert into t(value) values ('upsert') on conflict do nothing",
            "insert into t(value) values ('r') returning id",
            "insert into t(value) values ('r'), ('s') returning id, value",
            "update t set value = 'u' || id returning value",
            "delete from t where id < 3 returning id",
            "update t set id = id",
            "update t set id = id where 0",
            "delete from t",
            "delete from t where id = 1",
            "replace into t values (1, 'z')",
            "insert into child(parent) values (99)",
            "insert into late(parent) values (99)",
            "insert into checked(a) values (-1)",
            "insert into checked values (1, null)",
            "insert into checked values (-1, 1) returning a",
            "create table made(x)",
            "create table t(x)",
            "create index made on t(value)",
            "drop table missing",
            "drop table if exists missing",
            "create table made as select * from t",
            "alter table t add column more",
            "analyze",
            "reindex",
            "vacuum",
            "pragma user_version",
            "pragma user_version = 3",
            "pragma table_info(t)",
            "pragma missing",
            "explain select 1",
            "begin",
            "commit",
            "rollback",
            "savepoint s",
            "release missing",
            "begin; insert into t(value) values (8); commit",
            "begin immediate; insert into t(value) values (8); rollback",
            "insert into t(value) values (6); select value from t; delete from t",
            "select 1; insert into t(value) values (6) on conflict do nothing",
            "select 1; select 2",
            "insert into t(value) values (6); insert into t(value) values (6)",
            "selec 1",
            "select * from missing",
            "select missing from t",
            "select missing()",
            "insert into t values (1)",
            "select 1 +",
            "select abs(-9223372036854775808)",
            "select raise(abort, 'x')",
            "insert into t(id) values ('text')",
            "select load_extension('x')",
            "select cast('abc' as blob)",
            "select 0.1 + 0.2",
            "select -0.0",
            "select 1 = 1",
            "select date('2020-01-02')",
            "with a(x) as (values (1)) select x from a",
            "select $p",
            "",
            " ",
            ";",
            "-- comment",
            "select 1; -- comment",
            "select 1;;",
        ];

    public static TheoryData<string, string> ParameterSets => SameAsDriverParameters.List;

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_text_does_the_same(string sql)
    {
        foreach (Func<DbCommand, object?> run in Ways)
        {
            // Twice: prepared, and from the cache. After a write, so that its count is there to be mistaken for
            // another's.
            for (int i = 0; i < 2; i++)
            {
                Same(sql, _ => { }, run);
                Same("update t set value = value where id <= 3", _ => { }, command => command.ExecuteNonQuery());
            }
        }
    }

    [Theory]
    [MemberData(nameof(ParameterSets))]
    public void Parameters_do_the_same(string name, string sql)
    {
        foreach (Func<DbCommand, object?> run in Ways)
        {
            for (int i = 0; i < 2; i++)
            {
                Same(sql, SameAsDriverParameters.Add(name), run);
            }
        }
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
        _pool.Dispose();
    }

    private static readonly Func<DbCommand, object?>[] Ways =
    [
        command => command.ExecuteScalar(),
        command => command.ExecuteNonQuery(),
        command => command.ExecuteScalarAsync().GetAwaiter().GetResult(),
        Rows,
    ];

    private static string Rows(DbCommand command)
    {
        using DbDataReader reader = command.ExecuteReader();
        List<string> all = [];
        do
        {
            all.Add($"{reader.FieldCount} columns, rows {reader.HasRows}");
            while (reader.Read())
            {
                for (int i = 0; i < reader.FieldCount; i++)
                {
                    all.Add(
                        $"{reader.GetName(i)} {reader.GetDataTypeName(i)} {reader.GetFieldType(i)} {Describe(reader.GetValue(i))}"
                    );
                }
            }
        } while (reader.NextResult());

        reader.Close();
        all.Add($"{reader.RecordsAffected} affected");
        return string.Join("; ", all);
    }

    private void Same(string sql, Action<SqliteParameterCollection> parameters, Func<DbCommand, object?> run)
    {
        using SqlitePoolCommand ours = _ours.CreateCommand(sql);
        parameters(ours.Parameters);
        using SqliteCommand theirs = _theirs.CreateCommand();
        theirs.CommandText = sql;
        parameters(theirs.Parameters);

        Assert.Equal(Comparable(Outcome(theirs, run)), Comparable(Outcome(ours, run)));
        Assert.Equal(Contents(_theirs), Contents(_ours));
        End(_ours, _oursNative);
        End(_theirs, _theirs.Handle!);
    }

    // Before its version 11 the driver answers the count of an earlier statement for one that changes no rows.
    private static string Comparable(string outcome) =>
        typeof(SqliteConnection).Assembly.GetName().Version!.Major >= 11
            ? outcome
            : Regex.Replace(outcome, @"^Int32 -?\d+$|-?\d+ affected$", "a count");

    // What was begun ends, so that each case starts from the same.
    private static void End(DbConnection connection, sqlite3 native)
    {
        if (raw.sqlite3_get_autocommit(native) == 0)
        {
            connection.Run("rollback");
        }
    }

    private static string Contents(DbConnection connection)
    {
        string tables = connection.Ask("select group_concat(name || sql) from sqlite_master") ?? "";
        foreach (string table in (string[])["t", "child", "late", "checked"])
        {
            using DbCommand command = connection.CreateCommand();
            command.CommandText = $"select * from {table}";
            tables += Rows(command);
        }

        return tables;
    }

    private static string Outcome(DbCommand command, Func<DbCommand, object?> run)
    {
        try
        {
            return Describe(run(command));
        }
        catch (SqliteException e)
        {
            return $"SqliteException {e.SqliteErrorCode} {e.SqliteExtendedErrorCode} {e.Message}";
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or OverflowException)
        {
            return $"{e.GetType().Name} {e.Message}";
        }
    }

    private static string Describe(object? value) =>
        value switch
        {
            null => "nothing",
            byte[] bytes => $"bytes {Convert.ToHexString(bytes)}",
            double number => $"double {BitConverter.DoubleToInt64Bits(number):x}",
            _ => $"{value.GetType().Name} {Convert.ToString(value, CultureInfo.InvariantCulture)}",
        };
}
