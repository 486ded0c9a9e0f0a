using System.Data.Common;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks;

/// <summary>Measures one query on a given file, which stays as it is: it is opened read-only.</summary>
internal static class AnyDatabase
{
    public static int Run(
        string file,
        string query,
        int[] threadCounts,
        double seconds,
        string output,
        CancellationToken stop
    )
    {
        ReadOnlyQuery found = ReadOnlyQuery.Check(file, query);
        string title = $"{query.Trim()} on {Path.GetFileName(file)}: {found.Rows} rows of {found.Columns} columns";
        Case[] cases = [.. threadCounts.Select(threads => OfThreads(found.ConnectionString, query, threads))];
        return Comparison.Run(title, cases, Effort.ForQuery(seconds), output, "query", stop);
    }

    private static Contest OfThreads(string connectionString, string query, int threads)
    {
        Work Loop(IContender contender) =>
            new ThreadLoop(threads, 1, _ => count => Repeat(contender, query, count), contender);
        return new Contest(
            threads == 1 ? "1 thread" : $"{threads} threads",
            "query",
            query,
            [
                new(Role.Unpooled, _ => Loop(new Unpooled(connectionString))),
                new(Role.Driver, _ => Loop(new DriverPool(connectionString, threads + 2))),
                new(Role.Pool, _ => Loop(new ThisPool(connectionString, threads))),
            ],
            []
        );
    }

    private static void Repeat(IContender contender, string query, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using DbConnection connection = contender.Open();
            using DbCommand command = connection.CreateCommand();
            command.CommandText = query;
            using DbDataReader reader = command.ExecuteReader();
            object[] values = new object[reader.FieldCount];
            while (reader.Read())
            {
                reader.GetValues(values);
            }
        }
    }
}
