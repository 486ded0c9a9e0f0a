using BenchmarkDotNet.Attributes;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Workloads;

namespace Pool.Sqlite.Benchmarks.Suites;

/// <summary>The three contenders and the floor on a fresh copy each of the sample database.</summary>
[MemoryDiagnoser]
public abstract class SuiteBase
{
    private const int Rows = 100_000;

    private SampleDatabase _database = null!;
    private Unpooled _unpooled = null!;
    private DriverPool _driver = null!;
    private ThisPool _pool = null!;
    private StatementFloor _floor = null!;
    private long _row;

    internal IContender Unpooled => _unpooled;

    internal IContender Driver => _driver;

    internal ThisPool Pool => _pool;

    internal StatementFloor Floor => _floor;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Load();
        _database = new SampleDatabase(Rows);
        _unpooled = new Unpooled(_database.Copy("unpooled"));
        _driver = new DriverPool(_database.Copy("driver"));
        _driver.Prepare(1);
        _pool = new ThisPool(_database.Copy("pool"), threads: 1);
        _floor = new StatementFloor(_database.Copy("floor"), seed: 0, Rows);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _floor.Dispose();
        _unpooled.Dispose();
        _driver.Dispose();
        _pool.Dispose();
        _database.Dispose();
    }

    // A stride that shares no factor with the number of rows visits them all.
    protected long NextRow(int margin = 0) => ((_row += 7_919) % (Rows - margin)) + 1;
}
