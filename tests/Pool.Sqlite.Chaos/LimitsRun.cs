using System.Runtime.CompilerServices;
using Pool.Sqlite.Tests.Shared;
using SQLitePCL;

namespace Pool.Sqlite.Chaos;

/// <summary>Very many rents, texts and pools, after which memory, descriptors and objects must be as before.</summary>
/// <param name="folder">An empty folder.</param>
/// <param name="output">Told the figures.</param>
public sealed class LimitsRun(string folder, TextWriter output)
{
    /// <summary>How much may be left, in bytes: far less than one byte for each rent or text of a full run.</summary>
    private const long Tolerance = 2_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private bool _isFlat = true;

    /// <summary>Runs it.</summary>
    /// <returns>Zero when nothing has grown.</returns>
    public async Task<int> Run(int rents, int texts, int pools)
    {
        await using (SqlitePool pool = new($"Data Source={Path.Combine(folder, "limits.db")}"))
        {
            await pool.ExecuteAsync($"create table t(id integer primary key)");
            await Rent(pool, Math.Min(rents, 20_000));
            Ask(pool, Math.Min(texts, 2_000), from: 0);
            await Compare($"{rents} rents", () => Rent(pool, rents));
            await Compare(
                $"{texts} texts",
                () =>
                {
                    Ask(pool, texts, from: 1_000_000_000);
                    return Task.CompletedTask;
                }
            );
        }

        List<WeakReference> made = [];
        MakeAndForget(10, made);
        await Settle();
        made.Clear();
        await Compare(
            $"{pools} pools",
            () =>
            {
                MakeAndForget(pools, made);
                return Task.CompletedTask;
            }
        );

        // A round of the housekeeper that is under way holds its pool for a moment.
        int alive = 0;
        await Eventually.WhyNot(
            () =>
            {
                ChaosRound.CollectDropped();
                alive = made.Count(static pool => pool.IsAlive);
                return alive == 0 ? null : "alive";
            },
            Patience
        );
        int open = OpenDescriptors.Under(folder).Length;
        output.WriteLine($"of them alive: {alive}; descriptors open: {open}");
        return _isFlat && alive == 0 && open == 0 ? 0 : 1;
    }

    private static async Task Rent(SqlitePool pool, int times)
    {
        for (int i = 0; i < times; i++)
        {
            switch (i % 4)
            {
                case 0:
                    pool.Rent().Dispose();
                    break;
                case 1:
                    (await pool.RentAsync()).Dispose();
                    break;
                case 2:
                    (await pool.RentReaderAsync()).Dispose();
                    break;
                default:
                    (await pool.RentWriterAsync()).Dispose();
                    break;
            }
        }
    }

    private static void Ask(SqlitePool pool, int texts, int from)
    {
        for (int i = from; i < from + texts; i++)
        {
            using SqlitePoolConnection connection = pool.Rent();
            using SqlitePoolCommand command = connection.CreateCommand($"select {i} from t");
            command.ExecuteScalar();
        }
    }

    // Of four one is closed, one used and dropped, one dropped with a lease out, and one never used.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MakeAndForget(int pools, List<WeakReference> made)
    {
        for (int i = 0; i < pools; i++)
        {
            SqlitePool pool = new($"Data Source={Path.Combine(folder, $"many-{i % 50}.db")}");
            made.Add(new WeakReference(pool));
            switch (i % 4)
            {
                case 0:
                    pool.Rent().Dispose();
                    pool.Dispose();
                    break;
                case 1:
                    pool.Rent().Dispose();
                    break;
                case 2:
                    pool.Rent();
                    break;
            }

            if (i % 100 == 99)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
    }

    private async Task Compare(string what, Func<Task> work)
    {
        (long managed, long native) before = await Settle();
        await work();
        (long managed, long native) after = await Settle();
        long managed = after.managed - before.managed;
        long native = after.native - before.native;
        output.WriteLine($"after {what}: {managed} managed bytes more, {native} of SQLite's");
        _isFlat &= managed < Tolerance && native < Tolerance;
    }

    // What finalizers have handed on to the thread pool takes a moment.
    private async Task<(long Managed, long Native)> Settle()
    {
        int rounds = 0;
        string? missing = await Eventually.WhyNot(
            () =>
            {
                ChaosRound.CollectDropped();
                string[] open = OpenDescriptors.Under(Path.Combine(folder, "many-"));
                return ++rounds >= 5 && open.Length == 0
                    ? null
                    : $"still open of pools that were forgotten: {string.Join(", ", open)}";
            },
            Patience,
            TimeSpan.FromMilliseconds(10)
        );
        if (missing is not null)
        {
            output.WriteLine(missing);
            _isFlat = false;
        }

        return (GC.GetTotalMemory(forceFullCollection: true), raw.sqlite3_memory_used());
    }
}
