using System.Data.Common;
using Dapper;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>The statements of the comparison, as a program would write them. The same code for every
/// contender.</summary>
internal static class Statements
{
    public const string PointSql = "select v from kv where id = $id";
    public const string RangeSql = "select id, k, v from kv where id between $from and $to";
    public const string InsertSql = "insert into log(k, v) values($k, $v)";
    public const string Text = "a row of its own, committed on its own";
    public const int RangeRows = 100;

    public static string? Point(DbConnection connection, long id)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = PointSql;
        Bind(command, "$id", id);
        return (string?)command.ExecuteScalar();
    }

    public static long Range(DbConnection connection, long from)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = RangeSql;
        Bind(command, "$from", from);
        Bind(command, "$to", from + RangeRows - 1);
        using DbDataReader reader = command.ExecuteReader();
        long length = 0;
        while (reader.Read())
        {
            length += reader.GetInt64(0) + reader.GetString(1).Length + reader.GetString(2).Length;
        }

        return length;
    }

    public static string? PointByDapper(DbConnection connection, long id) =>
        connection.ExecuteScalar<string>(PointSql, new { id });

    public static int RangeByDapper(DbConnection connection, long from) =>
        connection.Query<Pair>(RangeSql, new { from, to = from + RangeRows - 1 }).AsList().Count;

    public static Task InsertAsync(DbConnection connection, DbTransaction? transaction = null) =>
        connection.ExecuteAsync(InsertSql, new { k = "key", v = Text }, transaction);

    public static void Execute(DbConnection connection, string sql)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void Bind(DbCommand command, string name, object value)
    {
        DbParameter parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}
