using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>The workloads of the comparison, and who takes part in each.</summary>
internal sealed class ComparisonCases : IDisposable
{
    public const int ManyThreads = 8;

    public const string Rent = "rent and return";
    public const string Metered = "rent and return, with meters";
    public const string Point = "point read";
    public const string Dapper = "point read through Dapper";
    public const string TenReads = "ten point reads";

    private static readonly TimeSpan TimeBetweenWrites = TimeSpan.FromMilliseconds(200);

    private readonly int _rows;
    private readonly string _floorDatabase;
    private readonly string _meteredDatabase;
    private readonly PermitFloor _permits = new();
    private readonly Unpooled _unpooled;
    private readonly DriverPool _driver;
    private readonly ThisPool _pool;
    private readonly ThisPool _written;
    private readonly Timer _writes;

    public ComparisonCases(SampleDatabase database)
    {
        _rows = database.Rows;
        _floorDatabase = database.Copy("floor");
        _meteredDatabase = database.Copy("metered");
        _unpooled = new Unpooled(database.Copy("unpooled"));
        _driver = new DriverPool(database.Copy("driver"));
        _pool = new ThisPool(database.Copy("pool"), ManyThreads);
        _written = new ThisPool(database.Copy("written"), ManyThreads);
        _writes = new Timer(_ => Write(_written), null, TimeSpan.Zero, TimeBetweenWrites);
        // Two more than needed at once, so that no thread is ever served by a connection without the settings.
        _driver.Prepare(ManyThreads + 2);
    }

    public IReadOnlyList<IContender> Contenders => [_unpooled, _driver, _pool];

    public IEnumerable<Case> All()
    {
        foreach (var threads in (int[])[1, ManyThreads])
        {
            yield return new Case(Rent, threads,
            [
                new Series("U: permit, queue", Role.Floor, _ => _permits.CreateWorker(), Tiny: true),
                new Series(_unpooled.Name, Role.Unpooled, _ => new RentWorker(_unpooled)),
                new Series(_driver.Name, Role.DriverPool, _ => new RentWorker(_driver), Tiny: true),
                new Series(_pool.Name, Role.ThisPool, _ => new RentWorker(_pool), Tiny: true),
                new Series("this pool, await", Role.ThisPoolAsync, _ => new AsyncRentWorker(_pool), Tiny: true),
            ]);
        }

        foreach (var threads in (int[])[1, ManyThreads])
        {
            yield return new Case(Point, threads,
            [
                new Series("F: held statement", Role.Floor, seed => new StatementFloor(_floorDatabase, seed, _rows)),
                .. EachContender((contender, seed) => new PointReadWorker(contender, seed, _rows)),
                new Series("pool, written to", Role.ThisPoolWritten, seed => new PointReadWorker(_written, seed, _rows)),
            ]);
        }

        yield return new Case(Dapper, 1,
        [
            new Series(_driver.Name, Role.DriverPool, seed => new DapperReadWorker(_driver, seed, _rows)),
            new Series(_pool.Name, Role.ThisPool, seed => new DapperReadWorker(_pool, seed, _rows)),
        ]);
        yield return new Case(TenReads, 1,
        [
            new Series(_driver.Name, Role.DriverPool, seed => new TenReadsWorker(_driver, seed, _rows)),
            new Series("one reader lease", Role.ThisPool, seed => new ReaderLeaseWorker(_pool, seed, _rows)),
            new Series("ten leases", Role.ThisPoolTenLeases, seed => new TenReadsWorker(_pool, seed, _rows)),
        ]);

        foreach (var threads in (int[])[1, ManyThreads])
        {
            yield return new Case($"range read ({KeyValueWork.RangeRows} rows)", threads,
                EachContender((contender, seed) => new RangeReadWorker(contender, seed, _rows)));
        }

        foreach (var threads in (int[])[1, ManyThreads])
        {
            yield return new Case("single-row write", threads,
                EachContender((contender, seed) => new WriteWorker(contender, seed, _rows)),
                Longer: threads > 1,
                Warm: threads > 1);
        }

        foreach (var threads in (int[])[1, ManyThreads])
        {
            yield return new Case("mixed: 90 % reads, 10 % writes", threads,
                EachContender((contender, seed) => new MixedWorker(contender, seed, _rows)),
                Longer: threads > 1,
                Warm: threads > 1);
        }

        // Last: for up to a second afterwards the other pools take the clock, too.
        yield return new Case(Metered, 1,
        [
            new Series(_pool.Name, Role.ThisPool, _ => new MeteredRentWorker(_meteredDatabase, listens: false), Tiny: true),
            new Series("meters on", Role.ThisPoolMetered, _ => new MeteredRentWorker(_meteredDatabase, listens: true), Tiny: true),
        ]);
    }

    public void Dispose()
    {
        _writes.Dispose();
        _written.Dispose();
        foreach (var contender in Contenders)
        {
            contender.Dispose();
        }

        _permits.Dispose();
    }

    private static void Write(ThisPool pool)
    {
        using var connection = pool.Open();
        KeyValueWork.Insert(connection, 0);
    }

    private Series[] EachContender(Func<IContender, int, Worker> worker) =>
    [
        new Series(_unpooled.Name, Role.Unpooled, seed => worker(_unpooled, seed)),
        new Series(_driver.Name, Role.DriverPool, seed => worker(_driver, seed)),
        new Series(_pool.Name, Role.ThisPool, seed => worker(_pool, seed)),
    ];
}
