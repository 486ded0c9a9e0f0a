using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>What a transaction object answers after its end is what the driver's answers.</summary>
public sealed class TransactionLikeTheDriverTests : IDisposable
{
    private readonly string _name = $"{Guid.NewGuid():N}";
    private readonly SqlitePool _pool;
    private readonly SqliteConnection _theirs;

    // A COMMIT by SQL is not among them: the driver's object does not notice that it has ended by that, ours does.
    private static readonly Dictionary<string, Action<DbConnection, DbTransaction>> Ends = new()
    {
        ["open"] = static (_, _) => { },
        ["commit"] = static (_, transaction) => transaction.Commit(),
        ["rollback"] = static (_, transaction) => transaction.Rollback(),
        ["dispose"] = static (_, transaction) => transaction.Dispose(),
        ["rollback by SQL"] = static (connection, transaction) => Run(connection, transaction, "rollback"),
        ["rollback by SQLite"] = static (connection, transaction) =>
            Assert.Throws<SqliteException>(() =>
                Run(connection, transaction, "insert or rollback into t values (1), (1)")
            ),
        ["close"] = static (connection, _) => connection.Close(),
    };

    private static readonly Dictionary<string, Func<DbTransaction, object?>> Uses = new()
    {
        ["isolation"] = static transaction => transaction.IsolationLevel,
        ["connection"] = static transaction => transaction.Connection is null,
        ["savepoints"] = static transaction => transaction.SupportsSavepoints,
        ["commit"] = static transaction => Done(transaction.Commit),
        ["rollback"] = static transaction => Done(transaction.Rollback),
        ["save"] = static transaction => Done(() => transaction.Save("s")),
        ["rollback to"] = static transaction => Done(() => transaction.Rollback("s")),
        ["release"] = static transaction => Done(() => transaction.Release("s")),
        ["dispose"] = static transaction => Done(transaction.Dispose),
        ["dispose twice"] = static transaction =>
        {
            transaction.Dispose();
            transaction.Dispose();
            return transaction.Connection is null;
        },
        ["dispose, then commit"] = static transaction =>
        {
            transaction.Dispose();
            transaction.Commit();
            return null;
        },
        ["dispose, then rollback"] = static transaction =>
        {
            transaction.Dispose();
            transaction.Rollback();
            return null;
        },
        ["dispose, then isolation"] = static transaction =>
        {
            transaction.Dispose();
            return transaction.IsolationLevel;
        },
    };

    // Only in a shared cache can anything be read that is not committed.
    public TransactionLikeTheDriverTests()
    {
        _pool = new SqlitePool($"Data Source={_name};Mode=Memory;Cache=Shared");
        _theirs = new SqliteConnection($"Data Source={_name}-theirs;Mode=Memory;Cache=Shared;Pooling=False");
    }

    public static TheoryData<string, string, IsolationLevel> Cases
    {
        get
        {
            TheoryData<string, string, IsolationLevel> cases = [];
            foreach (string end in Ends.Keys)
            {
                foreach (string use in Uses.Keys)
                {
                    cases.Add(end, use, IsolationLevel.Unspecified);
                    cases.Add(end, use, IsolationLevel.ReadUncommitted);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_answers_the_same(string end, string use, IsolationLevel isolation)
    {
        Assert.SkipUnless(
            typeof(SqliteConnection).Assembly.GetName().Version!.Major >= 11,
            "It is the driver from version 11 on that is compared with."
        );
        _theirs.Open();
        using SqlitePoolConnection ours = _pool.Rent();
        Assert.Equal(Outcome(_theirs, end, use, isolation), Outcome(ours, end, use, isolation));
    }

    public void Dispose()
    {
        _pool.Dispose();
        _theirs.Dispose();
    }

    private static string Outcome(DbConnection connection, string end, string use, IsolationLevel isolation)
    {
        connection.Run("create table t(id integer primary key)");
        DbTransaction transaction = connection.BeginTransaction(isolation);
        Run(connection, transaction, "insert into t values (7)");
        Ends[end](connection, transaction);
        string answer;
        try
        {
            answer = $"{Uses[use](transaction)}";
        }
        catch (Exception e) when (e is InvalidOperationException or SqliteException)
        {
            answer = e.GetType().Name;
        }

        // What was stored, as far as it is still there to be asked.
        if (connection.State == ConnectionState.Open)
        {
            using DbCommand command = connection.CreateCommand();
            command.Transaction = transaction.Connection is null ? null : transaction;
            command.CommandText = "select count(*) from t";
            try
            {
                answer += $", {command.ExecuteScalar()} rows";
            }
            catch (InvalidOperationException)
            {
                answer += ", refused";
            }
        }

        return answer;
    }

    private static void Run(DbConnection connection, DbTransaction transaction, string sql)
    {
        using DbCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Done(Action use)
    {
        use();
        return null;
    }
}
