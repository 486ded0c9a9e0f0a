using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>Rent and return, nothing else.</summary>
internal sealed class RentWorker(IContender contender) : Worker
{
    public override void Run(int count) => contender.OpenAndClose(count);
}

/// <summary>Rent with <c>await</c> and return.</summary>
internal sealed class AsyncRentWorker(ThisPool pool) : Worker
{
    public override void Run(int count) => pool.OpenAndCloseAsync(count).GetAwaiter().GetResult();
}

/// <summary>Open, one unit of work, close, over and over, on a sequence of rows that is the same for every
/// contender.</summary>
internal abstract class OpenWorkClose(IContender contender, int seed, int rows) : Worker
{
    private RowSequence _rows = new(seed, rows);

    protected IContender Contender => contender;

    public override void Run(int count)
    {
        for (var i = 0; i < count; i++)
        {
            RunOnce();
        }
    }

    protected abstract void RunOnce();

    protected long NextRow(int margin = 0) => _rows.Next(margin);
}

/// <summary>One row by its key.</summary>
internal sealed class PointReadWorker(IContender contender, int seed, int rows) : OpenWorkClose(contender, seed, rows)
{
    protected override void RunOnce()
    {
        using var connection = Contender.Open();
        KeyValueWork.Point(connection, NextRow());
    }
}

/// <summary>One row by its key, through Dapper.</summary>
internal sealed class DapperReadWorker(IContender contender, int seed, int rows) : OpenWorkClose(contender, seed, rows)
{
    protected override void RunOnce()
    {
        using var connection = Contender.Open();
        KeyValueWork.PointThroughDapper(connection, NextRow());
    }
}

/// <summary>Ten rows by their keys, each with a connection opened for it.</summary>
internal sealed class TenReadsWorker(IContender contender, int seed, int rows) : OpenWorkClose(contender, seed, rows)
{
    public const int Reads = 10;

    protected override void RunOnce()
    {
        for (var i = 0; i < Reads; i++)
        {
            using var connection = Contender.Open();
            KeyValueWork.Point(connection, NextRow());
        }
    }
}

/// <summary>Ten rows by their keys in one reader lease: one snapshot.</summary>
internal sealed class ReaderLeaseWorker(ThisPool pool, int seed, int rows) : OpenWorkClose(pool, seed, rows)
{
    protected override void RunOnce()
    {
        using var reader = pool.Pool.RentReader();
        for (var i = 0; i < TenReadsWorker.Reads; i++)
        {
            KeyValueWork.Point(reader, NextRow());
        }
    }
}

/// <summary>A hundred neighbouring rows, all columns.</summary>
internal sealed class RangeReadWorker(IContender contender, int seed, int rows) : OpenWorkClose(contender, seed, rows)
{
    protected override void RunOnce()
    {
        using var connection = Contender.Open();
        KeyValueWork.Range(connection, NextRow(KeyValueWork.RangeRows));
    }
}

/// <summary>One row, committed by itself.</summary>
internal sealed class WriteWorker(IContender contender, int seed, int rows) : OpenWorkClose(contender, seed, rows)
{
    protected override void RunOnce()
    {
        using var connection = Contender.Open();
        KeyValueWork.Insert(connection, NextRow());
    }
}

/// <summary>Nine point reads to one single-row write.</summary>
internal sealed class MixedWorker(IContender contender, int seed, int rows) : OpenWorkClose(contender, seed, rows)
{
    protected override void RunOnce()
    {
        var row = NextRow();
        using var connection = Contender.Open();
        if (row % 10 == 0)
        {
            KeyValueWork.Insert(connection, row);
        }
        else
        {
            KeyValueWork.Point(connection, row);
        }
    }
}
