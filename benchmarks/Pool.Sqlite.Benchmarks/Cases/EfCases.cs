using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>EF Core, a context for each operation: <c>UseSqlite(pool.CreateConnection())</c> against plain
/// <c>UseSqlite</c>.</summary>
internal static class EfCases
{
    private static readonly Func<SampleContext, long, Pair?> ByKey = EF.CompileQuery(
        (SampleContext context, long id) => context.Pairs.AsNoTracking().FirstOrDefault(pair => pair.Id == id)
    );

    public static IReadOnlyList<Case> All { get; } =
    [
        new Contest(
            "ef-read",
            "ef",
            "context + compiled read by key",
            [new(Role.Pool, file => Read(new ThisPool(file))), new(Role.Driver, file => Read(new DriverPool(file, 3)))],
            [new(Figure.Time, 0.5), new(Figure.Bytes, Against: null)]
        ),
        Save(0, ""),
        Save(70, ", 70 minimum threads"),
    ];

    private static Contest Save(int threads, string how)
    {
        CrowdPlan plan = new(32, 480, 1);
        return new Contest(
            $"ef-save-{(threads == 0 ? "few" : threads)}",
            "ef",
            "SaveChanges, 32 tasks" + how,
            Field.Crowds(plan, (contender, _) => () => SaveAsync(contender)),
            [new(Figure.Rate, 15), new(Figure.Worst)]
        )
        {
            MinimumThreads = threads,
        };
    }

    private static ThreadLoop Read(IContender contender) =>
        new(
            1,
            4,
            seed =>
                Field.OnRows(
                    seed,
                    row =>
                    {
                        using SampleContext context = Context(contender);
                        ByKey(context, row);
                    }
                ),
            contender
        );

    private static async Task SaveAsync(IContender contender)
    {
        using SampleContext context = Context(contender);
        context.Entries.Add(new Entry { K = "key", V = Statements.Text });
        try
        {
            await context.SaveChangesAsync().ConfigureAwait(false);
        }
        catch (DbUpdateException error) when (error.InnerException is SqliteException inner)
        {
            throw inner;
        }
    }

    private static SampleContext Context(IContender contender) =>
        contender is ThisPool pool
            ? new SampleContext(builder => builder.UseSqlite(pool.Pool.CreateConnection()))
            : new SampleContext(builder => builder.UseSqlite(((DriverPool)contender).ConnectionString));
}
