using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>What the figures were measured on.</summary>
internal sealed record Surroundings(
    string Engine,
    bool EngineReplaced,
    string Driver,
    string Runtime,
    string System,
    string Architecture,
    int Cores,
    double ClockNanoseconds)
{
    public static Surroundings Now() => new(
        Benchmarks.Engine.Version,
        Benchmarks.Engine.Override is not null,
        Benchmarks.Engine.DriverVersion,
        RuntimeInformation.FrameworkDescription,
        RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        ReadClock());

    // The cost of one reading: what a latency of a stamped operation contains besides the operation.
    private static double ReadClock()
    {
        const int Readings = 200_000;
        var best = double.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Readings; i++)
            {
                _ = Stopwatch.GetTimestamp();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Readings);
        }

        return best;
    }
}
