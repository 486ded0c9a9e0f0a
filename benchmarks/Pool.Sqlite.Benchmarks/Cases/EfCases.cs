using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>EF Core, a context for each operation: <c>UseSqlitePool</c> against <c>UseSqlite</c>, with options that are
/// built once, as a context factory has them.</summary>
internal static class EfCases
{
    private const int Many = 10_000;

    public static IReadOnlyList<Case> All { get; } =
    [
        new Contest(
            "ef-read",
            "ef",
            "context + compiled read by key",
            [new(Role.Pool, file => Read(new ThisPool(file))), new(Role.Driver, file => Read(new DriverPool(file, 3)))],
            [new(Figure.Time, 0.5), new(Figure.Bytes, Against: null)]
        )
        {
            WarmUp = TimeSpan.FromSeconds(4),
        },
        Save(0, ""),
        Save(70, ", 70 minimum threads"),
        Insert("ef-range", "10,000 entities by AddRange and SaveChanges", InsertRangeAsync),
        Insert("ef-bulk", "10,000 by BulkInsertAsync, against AddRange", InsertBulkAsync),
    ];

    private static Contest Save(int threads, string how)
    {
        CrowdPlan plan = new(32, 480, 1);
        return new Contest(
            $"ef-save-{(threads == 0 ? "few" : threads)}",
            "ef",
            "SaveChanges, 32 tasks" + how,
            Field.Crowds(plan, Operation(SaveAsync)),
            [new(Figure.Rate, 15), new(Figure.Worst)]
        )
        {
            MinimumThreads = threads,
            WarmUp = TimeSpan.FromSeconds(10),
        };
    }

    private static ThreadLoop Read(IContender contender)
    {
        DbContextOptions<SampleContext> options = Options(contender);

        // One for each contender: EF Core binds a compiled query to the model of its first context.
        Func<SampleContext, long, Pair?> byKey = EF.CompileQuery(
            (SampleContext context, long id) => context.Pairs.AsNoTracking().FirstOrDefault(pair => pair.Id == id)
        );
        void ReadOne(long row)
        {
            using SampleContext context = new(options);
            byKey(context, row);
        }

        return new ThreadLoop(1, 4, seed => Field.OnRows(seed, ReadOne), contender);
    }

    private static Contest Insert(string key, string title, Func<DbContextOptions<SampleContext>, Task> insert)
    {
        // On the driver's pool always by AddRange: EF Core has no other way.
        Func<IContender, int, Func<Task>> onPool = Operation(insert);
        Func<IContender, int, Func<Task>> onDriver = Operation(InsertRangeAsync);
        return new Contest(
            key,
            "ef",
            title,
            Field.Crowds(
                new CrowdPlan(1, 2, Many),
                (contender, seed) => (contender is ThisPool ? onPool : onDriver)(contender, seed)
            ),
            [new(Figure.Rate)]
        )
        {
            WarmUp = TimeSpan.FromSeconds(6),
        };
    }

    private static Func<IContender, int, Func<Task>> Operation(Func<DbContextOptions<SampleContext>, Task> operation) =>
        (contender, _) =>
        {
            DbContextOptions<SampleContext> options = Options(contender);
            return () => operation(options);
        };

    private static async Task SaveAsync(DbContextOptions<SampleContext> options)
    {
        using SampleContext context = new(options);
        context.Entries.Add(NewEntry());
        try
        {
            await context.SaveChangesAsync().ConfigureAwait(false);
        }
        catch (DbUpdateException error) when (error.InnerException is SqliteException inner)
        {
            throw inner;
        }
    }

    private static async Task InsertRangeAsync(DbContextOptions<SampleContext> options)
    {
        using SampleContext context = new(options);
        context.Entries.AddRange(NewEntries());
        await context.SaveChangesAsync().ConfigureAwait(false);
    }

    private static async Task InsertBulkAsync(DbContextOptions<SampleContext> options)
    {
        using SampleContext context = new(options);
        await context.BulkInsertAsync(NewEntries()).ConfigureAwait(false);
    }

    private static IEnumerable<Entry> NewEntries() => Enumerable.Range(0, Many).Select(_ => NewEntry());

    private static Entry NewEntry() => new() { K = "key", V = Statements.Text };

    private static DbContextOptions<SampleContext> Options(IContender contender)
    {
        DbContextOptionsBuilder<SampleContext> builder = new();
        return contender is ThisPool pool
            ? builder.UseSqlitePool(pool.Pool).Options
            : builder.UseSqlite(((DriverPool)contender).ConnectionString).Options;
    }
}
