using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>Every way to write, for a table <c>t(id, value)</c>.</summary>
internal static class KindsOfWrite
{
    /// <summary>Writes one row, or changes the schema.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="lease">One of its leases, for the kinds that need one.</param>
    /// <param name="kind">Which.</param>
    public static async Task Write(SqlitePool pool, SqlitePoolConnection lease, string kind)
    {
        const string Insert = "insert into t(value) values (1)";
        switch (kind)
        {
            case "autocommit":
                lease.Run(Insert);
                break;
            case "autocommit async":
                await lease.CreateCommand(Insert).ExecuteNonQueryAsync();
                break;
            case "returning":
                await lease.CreateCommand(Insert + " returning id").ExecuteScalarAsync();
                break;
            case "returning reader":
                using (DbDataReader reader = lease.CreateCommand(Insert + " returning id").ExecuteReader())
                {
                    Assert.True(reader.Read());
                }

                break;
            case "ddl":
                lease.Run("create table other(value)");
                break;
            case "user_version":
                lease.Run("PRAGMA user_version=7");
                break;
            case "begin commit":
                lease.Run("begin");
                lease.Run(Insert);
                lease.Run("commit");
                break;
            case "transaction":
                using (SqlitePoolTransaction transaction = lease.BeginTransaction())
                {
                    lease.Run(Insert);
                    transaction.Commit();
                }

                break;
            case "transaction async":
                await using (SqlitePoolTransaction transaction = await lease.BeginTransactionAsync())
                {
                    lease.Run(Insert);
                    await transaction.CommitAsync();
                }

                break;
            case "outermost release":
                lease.Run("savepoint s");
                lease.Run(Insert);
                lease.Run("release s");
                break;
            case "WriteAsync":
                await pool.WriteAsync(static connection => connection.CreateCommand(Insert).ExecuteNonQueryAsync());
                break;
            case "writer lease":
                using (SqlitePoolConnection writer = await pool.RentWriterAsync())
                {
                    writer.Run(Insert);
                }

                break;
            case "ExecuteAsync":
                await pool.ExecuteAsync($"insert into t(value) values (1)");
                break;
            case "ExecuteManyAsync":
                await pool.ExecuteManyAsync(
                    "insert into t(value) values ($v)",
                    [
                        [1],
                    ]
                );
                break;
            case "queue":
                await pool.Writes.ExecuteAsync($"insert into t(value) values (1)");
                break;
            default:
                lease.SqliteConnection.Run(Insert);
                break;
        }
    }
}
