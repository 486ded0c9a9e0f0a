using System.Data.Common;
using Dapper;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>The statements of the comparison, as a program would write them in plain ADO.NET: new command, new
/// parameter, execute, dispose. The same code whoever opened the connection.</summary>
internal static class KeyValueWork
{
    public const string PointSql = "select v from kv where id = $id";
    public const string RangeSql = "select id, k, v from kv where id between $from and $to";
    public const string InsertSql = "insert into log(k, v) values($k, $v)";
    public const int RangeRows = 100;

    public static string? Point(DbConnection connection, long id)
    {
        using var command = connection.CreateCommand();
        command.CommandText = PointSql;
        Bind(command, "$id", id);
        return (string?)command.ExecuteScalar();
    }

    public static long Range(DbConnection connection, long from)
    {
        using var command = connection.CreateCommand();
        command.CommandText = RangeSql;
        Bind(command, "$from", from);
        Bind(command, "$to", from + RangeRows - 1);
        using var reader = command.ExecuteReader();
        long length = 0;
        while (reader.Read())
        {
            length += reader.GetInt64(0) + reader.GetString(1).Length + reader.GetString(2).Length;
        }

        return length;
    }

    public static string? PointThroughDapper(DbConnection connection, long id) =>
        connection.ExecuteScalar<string>(PointSql, new { id });

    public static void Insert(DbConnection connection, long number)
    {
        using var command = InsertCommand(connection, number);
        command.ExecuteNonQuery();
    }

    public static async Task InsertAsync(DbConnection connection, long number)
    {
        using var command = InsertCommand(connection, number);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private static DbCommand InsertCommand(DbConnection connection, long number)
    {
        var command = connection.CreateCommand();
        command.CommandText = InsertSql;
        Bind(command, "$k", number);
        Bind(command, "$v", "a row of its own, committed on its own");
        return command;
    }

    private static void Bind(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
