using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>Requests over 64 connections to a web server, each of which is answered when its update is durable.</summary>
internal static class WebCases
{
    public const int Connections = 64;

    private static readonly CrowdPlan Plan = new(Connections, 1_920, 0);

    public static Contest ReadAndUpdate { get; } =
        new(
            "web-update",
            "web",
            "64 connections",
            [new(Role.Pool, file => Load(file, Role.Pool)), new(Role.Driver, file => Load(file, Role.Driver))],
            [new(Figure.Rate, 6), new(Figure.Worst)]
        )
        {
            WarmUp = TimeSpan.FromSeconds(20),
        };

    private static TaskCrowd Load(string file, Role role)
    {
        WebServerProcess server = new(file, role, Connections);
        return new TaskCrowd(
            Plan,
            file,
            server,
            seed =>
            {
                RowSequence rows = new(seed, SampleDatabase.Rows);
                return () => server.Get(rows.Next());
            }
        );
    }
}
