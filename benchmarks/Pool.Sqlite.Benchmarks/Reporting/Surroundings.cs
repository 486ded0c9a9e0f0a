using System.Runtime.InteropServices;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>What the figures were measured on.</summary>
internal sealed record Surroundings(
    string Engine,
    string Driver,
    string Runtime,
    string System,
    string Architecture,
    int Cores
)
{
    public static Surroundings Now() =>
        new(
            Benchmarks.Engine.Version
                + (Benchmarks.Engine.Override is null ? "" : $" (from {Benchmarks.Engine.Variable})"),
            Benchmarks.Engine.DriverVersion,
            RuntimeInformation.FrameworkDescription,
            RuntimeInformation.OSDescription,
            RuntimeInformation.ProcessArchitecture.ToString(),
            Environment.ProcessorCount
        );

    public override string ToString() =>
        $"SQLite {Engine}, Microsoft.Data.Sqlite {Driver}, {Runtime}, {Cores} cores, {System}, {Architecture}";
}
