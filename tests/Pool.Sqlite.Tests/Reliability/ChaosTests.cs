using System.Globalization;
using Pool.Sqlite.Chaos;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Reliability;

/// <summary>
/// Everything at once, in a process of its own: see <see cref="ChaosRun"/>. A longer run:
/// <c>dotnet run -c Release --project benchmarks/Pool.Sqlite.Benchmarks -- chaos --seconds 300 --seed 7</c>.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const string SeedVariable = "CHAOS_SEED";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Theory]
    [InlineData(11, 7, "")]
    [InlineData(12, 5, "Full")]
    public async Task Nothing_is_lost_or_stuck_or_lent_to_two_or_left_open(int seed, int seconds, string synchronous)
    {
        using TempDatabase folder = new();
        string library = folder.In("faultydisk.so");
        string database = folder.In(ChaosProcess.Database);
        (string Name, string Value)[] environment = PreloadedLibrary.TryCompile(FaultyDisk.Source, library)
            ? FaultyDisk.Environs(library, database)
            : [];
        string wanted = Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } given
            ? given
            : seed.ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["chaos", database, wanted, seconds.ToString(CultureInfo.InvariantCulture)];
        using WriterProcess process = new(
            synchronous.Length == 0 ? arguments : [.. arguments, synchronous],
            environment
        );

        (string said, int result) = await process.RunToEnd(Patience);

        output.WriteLine(said);
        Assert.True(result == 0, said);
        Assert.Contains($"clean: seed {wanted}", said, StringComparison.Ordinal);
    }
}
