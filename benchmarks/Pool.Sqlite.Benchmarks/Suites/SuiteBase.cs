using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Pool.Sqlite.Benchmarks.Cases;
using Pool.Sqlite.Benchmarks.Contenders;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>One contender on a copy of the sample database.</summary>
[MemoryDiagnoser]
[CategoriesColumn]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByMethod)]
public abstract class SuiteBase
{
    private SampleDatabase _database = null!;
    private RowSequence _rows = new(0, SampleDatabase.Rows);

    /// <summary>How connections are come by.</summary>
    [Params("driver", "pool", "unpooled")]
    public string Through { get; set; } = "pool";

    internal IContender Contender { get; private set; } = null!;

    /// <summary>Makes the database and the contender.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Engine.Load();
        _database = new SampleDatabase();
        Contender = Through switch
        {
            "driver" => new DriverPool(_database.Copy(), 3),
            "pool" => new ThisPool(_database.Copy()),
            _ => new Unpooled(_database.Copy()),
        };
    }

    /// <summary>Removes both.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        Contender.Dispose();
        _database.Dispose();
    }

    protected long NextRow() => _rows.Next(Statements.RangeRows);
}
