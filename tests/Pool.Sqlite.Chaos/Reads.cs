using System.Data.Common;
using System.Globalization;

namespace Pool.Sqlite.Chaos;

/// <summary>Reading, in each way there is: one snapshot a reader lease, and nothing acknowledged missing.</summary>
internal static class Reads
{
    private const string Totals = "select count(*) || ' ' || coalesce(sum(tx), 0) from ledger";
    private const string InPart =
        "select count(*) from (select 1 from ledger where tx > (select max(tx) - 300 from ledger) "
        + "group by tx having count(*) <> max(parts))";

    public static readonly ChaosAction[] All =
    [
        new("ReadAsync", 20, Snapshot),
        new("RentReader", 10, SynchronousSnapshot),
        new("rows of a lease", 10, Rows),
        new("Rent", 10, Synchronous),
        new("command of the pool", 10, CommandOfPool),
        new("a write on a reader", 3, WriteOnReader),
    ];

    /// <summary>A statement's one value, as text.</summary>
    public static async Task<string> Ask(SqlitePoolConnection connection, string sql, CancellationToken token)
    {
        using SqlitePoolCommand command = connection.CreateCommand(sql);
        return Convert.ToString(await command.ExecuteScalarAsync(token), CultureInfo.InvariantCulture)!;
    }

    private static Task Snapshot(Worker worker)
    {
        long known = worker.Ledger.AnyAcknowledged(worker.Random);
        return worker.Pool.ReadAsync(
            async connection =>
            {
                using LeaseRegister.Entry held = worker.Hold(connection);
                string first = await Ask(connection, Totals, worker.Token);
                await Task.Delay(worker.Random.Next(3), worker.Token);
                string second = await Ask(connection, Totals, worker.Token);
                worker.Faults.Check(
                    first == second,
                    $"{worker.Name}: the snapshot has changed from {first} to {second}"
                );
                worker.Faults.Check(
                    await Ask(connection, InPart, worker.Token) == "0",
                    $"{worker.Name}: a transaction is seen in part"
                );
                await CheckThere(worker, connection, known);
            },
            worker.Token
        );
    }

    private static Task SynchronousSnapshot(Worker worker)
    {
        long known = worker.Ledger.AnyAcknowledged(worker.Random);
        using SqlitePoolConnection connection = worker.Pool.RentReader(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        using SqlitePoolCommand command = connection.CreateCommand(Totals);
        object? first = command.ExecuteScalar();
        Thread.Yield();
        worker.Faults.Check(Equals(first, command.ExecuteScalar()), $"{worker.Name}: the snapshot has changed");
        return CheckThere(worker, connection, known);
    }

    private static async Task Rows(Worker worker)
    {
        using SqlitePoolConnection connection = await worker.Pool.RentAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        await CheckClean(worker, connection);
        using SqlitePoolCommand command = connection.CreateCommand(
            "select tx, part, filler from ledger order by tx desc limit 200"
        );
        using DbDataReader reader = await command.ExecuteReaderAsync(worker.Token);
        int rows = worker.Random.Next(250);
        while (rows-- > 0 && await reader.ReadAsync(worker.Token))
        {
            _ = reader.GetInt64(0);
        }
    }

    private static Task Synchronous(Worker worker)
    {
        long known = worker.Ledger.AnyAcknowledged(worker.Random);
        using SqlitePoolConnection connection = worker.Pool.Rent(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        return CheckThere(worker, connection, known);
    }

    private static async Task CommandOfPool(Worker worker)
    {
        using DbCommand command = worker.Pool.CreateCommand("select max(tx) from ledger");
        _ = await command.ExecuteScalarAsync(worker.Token);
    }

    private static async Task WriteOnReader(Worker worker)
    {
        long tx = worker.Ledger.Begin();
        using SqlitePoolConnection connection = await worker.Pool.RentReaderAsync(worker.Token);
        using LeaseRegister.Entry held = worker.Hold(connection);
        worker.Ledger.Refuse(tx);
        try
        {
            using SqlitePoolCommand command = Writes.Part(connection, tx, 1, 1, 0);
            await command.ExecuteNonQueryAsync(worker.Token);
            worker.Faults.Add($"{worker.Name}: it was not refused");
        }
        catch (InvalidOperationException e) when (e is not ObjectDisposedException) { }
    }

    private static async Task CheckThere(Worker worker, SqlitePoolConnection connection, long known)
    {
        if (known > 0)
        {
            string count = await Ask(
                connection,
                string.Create(CultureInfo.InvariantCulture, $"select count(*) from ledger where tx = {known}"),
                worker.Token
            );
            worker.Faults.Check(
                count != "0",
                $"{worker.Name}: write {known} is not seen, which was acknowledged before the rent"
            );
        }
    }

    private static async Task CheckClean(Worker worker, SqlitePoolConnection connection)
    {
        string state = await Ask(
            connection,
            "select (select count(*) from temp.sqlite_master) || ' ' || (select count(*) from pragma_database_list where name = 'other') "
                + "|| ' ' || (select foreign_keys from pragma_foreign_keys) || ' ' || (select user_version from pragma_user_version)",
            worker.Token
        );
        worker.Faults.Check(state == "0 0 1 0", $"{worker.Name}: something of another lease is left: {state}");
    }
}
