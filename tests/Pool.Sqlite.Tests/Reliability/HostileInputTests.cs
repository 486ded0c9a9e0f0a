using System.Runtime.CompilerServices;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Reliability;

/// <summary>
/// Whatever text comes from outside: it is refused by a documented exception or does what it says, and nothing else. A
/// failure names the input and the seed.
/// </summary>
public sealed class HostileInputTests : IDisposable
{
    private readonly TempDatabase _database = new();

    public HostileInputTests()
    {
        using SqliteConnection direct = _database.OpenDirectly();
        direct.Run("pragma journal_mode=wal; create table t(value); insert into t values ('kept')");
    }

    [Fact]
    public void A_name_and_a_value_of_a_PRAGMA_are_no_SQL() =>
        HostileText.Check(
            150,
            (name, value) =>
            {
                SqlitePoolOptions options = _database.Options(size: 1, overflow: 0);
                options.CreateRetries = 0;
                try
                {
                    options.Pragmas.Additional[name] = value;
                    using SqlitePool pool = new(options);
                    using SqlitePoolConnection connection = pool.Rent();
                }
                catch (Exception e) when (e is ArgumentException or SqliteException or InvalidOperationException) { }

                return IsUntouched();
            }
        );

    [Fact]
    public void A_connection_string_is_refused_or_understood_and_its_password_is_in_no_message() =>
        HostileText.Check(
            1_000,
            (before, after) =>
            {
                try
                {
                    using SqlitePool pool = new(
                        $"{before};Data Source={_database.Path};Password={HostileText.Secret};{after}"
                    );
                    return !pool.ConnectionString.Contains(HostileText.Secret, StringComparison.OrdinalIgnoreCase)
                        && !pool.Name.Contains(HostileText.Secret, StringComparison.OrdinalIgnoreCase);
                }
                catch (ArgumentException e)
                {
                    return !e.ToString().Contains(HostileText.Secret, StringComparison.OrdinalIgnoreCase);
                }
            }
        );

    [Fact]
    public void Settings_are_refused_or_understood() =>
        Prop.ForAll<int, int, long>(
                (size, other, ticks) =>
                {
                    SqlitePoolOptions options = _database.Options(size, other);
                    options.MinIdle = other;
                    options.MaxWaiters = size;
                    options.CreateRetries = other;
                    options.StatementCacheSize = size;
                    options.RentTimeout = options.IdleTimeout = options.MaxLifetime = TimeSpan.FromTicks(ticks);
                    options.Pragmas.CacheSizeKiB = size;
                    options.Pragmas.MmapSizeBytes = ticks;
                    options.Writes.Capacity = size;
                    options.Writes.MaxBatchSize = other;
                    try
                    {
                        using SqlitePool pool = new(options);
                        return pool.GetStatistics().Open == 0;
                    }
                    catch (ArgumentException e)
                    {
                        return e.Message.Length > 0;
                    }
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void A_value_in_a_statement_is_stored_as_it_is()
    {
        using SqlitePool pool = new(_database.Options());
        HostileText.Check(
            200,
            (one, two) =>
            {
                pool.ExecuteAsync($"update t set value = {one} where value <> {two}").GetAwaiter().GetResult();
                pool.Writes.ExecuteAsync($"update t set value = {two}").GetAwaiter().GetResult();
                using SqlitePoolConnection connection = pool.Rent();
                using SqlitePoolCommand command = connection.CreateCommand("select value from t");
                string? read = (string?)command.ExecuteScalar();

                // Half of a surrogate pair is no character, and UTF-8 has none for it.
                return read == two || two.Any(char.IsSurrogate);
            }
        );
    }

    [Fact]
    public void A_statement_that_makes_no_sense_fails_alone()
    {
        using SqlitePool pool = new(_database.Options());
        HostileText.Check(
            300,
            (one, two) =>
            {
                Ends(() => pool.ExecuteAsync(FormattableStringFactory.Create($"select 1 where '{one}", two)));
                Ends(() => pool.ExecuteAsync(FormattableStringFactory.Create($"explain {one} {{0}} {two}", two)));
                Ends(() => pool.Writes.ExecuteAsync("explain " + one, [two]));
                return pool.Writes.ExecuteAsync($"update t set value = 'kept'").GetAwaiter().GetResult() == 1;
            }
        );
        Assert.Equal(0, pool.GetStatistics().InUse);
    }

    public void Dispose() => _database.Dispose();

    private static void Ends(Func<Task<int>> run)
    {
        try
        {
            run().GetAwaiter().GetResult();
        }
        catch (Exception e)
            when (e is ArgumentException or SqliteException or InvalidOperationException or FormatException) { }
    }

    private bool IsUntouched()
    {
        using SqliteConnection direct = _database.OpenDirectly();
        return direct.Ask("select group_concat(value) || ' ' || (select count(*) from sqlite_master) from t")
            == "kept 1";
    }
}
