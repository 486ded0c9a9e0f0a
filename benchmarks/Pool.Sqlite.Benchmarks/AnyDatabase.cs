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
        var found = ReadOnlyQuery.Check(file, query);
        var title = $"{query.Trim()} on {Path.GetFileName(file)}: {found.Rows} rows of {found.Columns} columns";
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
        for (var i = 0; i < count; i++)
        {
            using var connection = contender.Open();
            using var command = connection.CreateCommand();
            command.CommandText = query;
            using var reader = command.ExecuteReader();
            var values = new object[reader.FieldCount];
            while (reader.Read())
            {
                reader.GetValues(values);
            }
        }
    }
}
