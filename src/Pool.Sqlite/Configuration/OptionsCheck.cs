using System.Text.RegularExpressions;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Configuration;

/// <summary>Says everything that is wrong with a set of options, at once.</summary>
internal static partial class OptionsCheck
{
    private const int MostConnections = 10_000;
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(1);

    // SQLite's own bound, SQLITE_MAX_MMAP_SIZE, as it is compiled by default.
    private const long MostMmapBytes = 0x7fff0000;

    /// <summary>
    /// Reads the pool's keys of the connection string into <paramref name="options"/>, and checks them all.
    /// </summary>
    /// <exception cref="ArgumentException">Some make no sense.</exception>
    public static DatabaseTarget Check(SqlitePoolOptions options)
    {
        List<string> errors = [];
        return Find(options, errors)
            ?? throw new ArgumentException(string.Join(Environment.NewLine, errors), nameof(options));
    }

    /// <summary>
    /// As <see cref="Check"/>, but adds what is wrong to <paramref name="errors"/>, and then returns null.
    /// </summary>
    public static DatabaseTarget? Find(SqlitePoolOptions options, List<string> errors)
    {
        errors.AddRange(options.Misread);
        DatabaseTarget? target = ConnectionStringParser.Find(options.ConnectionString, errors);
        string poolPart = target?.PoolPart ?? ConnectionStringKeys.PoolPartOf(options.ConnectionString);
        ConnectionStringKeys.Apply(options, poolPart, errors);
        if (target is not null)
        {
            CheckTarget(target, options, errors);
            CheckExclusiveLock(options, target, errors);
        }

        CheckUntrusted(options, errors);
        if (MistakenName.IsConnectionString(options.Name))
        {
            errors.Add(
                "Name is a connection string (not shown here). Set ConnectionString to that; Name is what messages and "
                    + "metrics call the pool."
            );
        }

        Range(errors, nameof(options.PoolSize), options.PoolSize, 1, MostConnections);
        Range(errors, nameof(options.MaxOverflow), options.MaxOverflow, 0, MostConnections);
        Range(errors, nameof(options.MinIdle), options.MinIdle, 0, Math.Max(0, options.PoolSize), "PoolSize");
        Range(errors, nameof(options.MaxWaiters), options.MaxWaiters, 0, int.MaxValue);
        Range(errors, nameof(options.CreateRetries), options.CreateRetries, 0, 100);
        Range(errors, nameof(options.StatementCacheSize), options.StatementCacheSize, 0, 1_000_000);
        Time(errors, nameof(options.RentTimeout), options.RentTimeout);
        Time(errors, nameof(options.MaxLifetime), options.MaxLifetime, zero: false);
        Time(errors, nameof(options.IdleTimeout), options.IdleTimeout, zero: false);
        Time(errors, nameof(options.OverflowIdleTimeout), options.OverflowIdleTimeout);
        Time(errors, nameof(options.HealthCheckInterval), options.HealthCheckInterval, zero: false);
        Time(errors, nameof(options.ProbeAfterIdle), options.ProbeAfterIdle);
        Time(errors, nameof(options.LeakThreshold), options.LeakThreshold, zero: false);
        Time(errors, nameof(options.SlowThreshold), options.SlowThreshold);
        Time(errors, nameof(options.SlowCommandThreshold), options.SlowCommandThreshold);
        Time(errors, nameof(options.ShutdownTimeout), options.ShutdownTimeout);
        WarmUpCheck.Find(options, errors);
        CheckPragmas(options.Pragmas, errors);
        CheckWrites(options.Writes, errors);
        CheckHealth(options.Health, errors);
        return errors.Count == 0 ? target : null;
    }

    private static void CheckTarget(DatabaseTarget target, SqlitePoolOptions options, List<string> errors)
    {
        if (target.Kind == DatabaseKind.File && target.SharesCache)
        {
            errors.Add(
                "ConnectionString has Cache=Shared on a file, which SQLite discourages: connections then lock each other's "
                    + "tables, and no busy timeout covers that. Leave it out."
            );
        }

        if (
            target.Kind == DatabaseKind.PrivateMemory
            && ((options.HasOwnSize && options.PoolSize > 1) || (options.HasOwnOverflow && options.MaxOverflow > 0))
        )
        {
            errors.Add(
                $"ConnectionString names a memory database that only one connection can see, but PoolSize is {options.PoolSize} "
                    + $"and MaxOverflow {options.MaxOverflow}. Write \"Data Source=app;Mode=Memory;Cache=Shared\" to share it "
                    + "among connections, or leave PoolSize and MaxOverflow out."
            );
        }
    }

    private static void CheckExclusiveLock(SqlitePoolOptions options, DatabaseTarget target, List<string> errors)
    {
        // Even with one connection to lend, the pool has a writer of its own.
        if (
            target.Kind == DatabaseKind.File
            && options.Pragmas.Additional.TryGetValue("locking_mode", out string? mode)
            && "EXCLUSIVE".Equals(mode?.Trim(), StringComparison.OrdinalIgnoreCase)
        )
        {
            errors.Add(
                "Pragmas.Additional has locking_mode=EXCLUSIVE: the first connection would keep the file for itself, and the pool's "
                    + "others would wait for it in vain. Leave it out; within the process the write gate keeps writers apart."
            );
        }
    }

    // What is said twice, and not alike, is a mistake in one of the two places.
    private static void CheckUntrusted(SqlitePoolOptions options, List<string> errors)
    {
        if (!options.Untrusted)
        {
            return;
        }

        foreach (string name in Hardening.Pragmas.Select(static pragma => pragma.Name))
        {
            if (
                options.Pragmas.Additional.Keys.FirstOrDefault(key =>
                    name.Equals(key, StringComparison.OrdinalIgnoreCase)
                ) is
                { } key
            )
            {
                errors.Add($"Pragmas.Additional has '{key}', which Untrusted sets. Leave out one of the two.");
            }
        }

        if (options.Pragmas.JournalMode == JournalMode.Off)
        {
            errors.Add(
                "Pragmas.JournalMode is Off, which SQLite does not allow in the defensive mode that Untrusted turns on."
            );
        }
    }

    private static void CheckPragmas(SqlitePragmas pragmas, List<string> errors)
    {
        Defined(errors, "Pragmas.JournalMode", pragmas.JournalMode);
        Defined(errors, "Pragmas.Synchronous", pragmas.Synchronous);
        Defined(errors, "Pragmas.TempStore", pragmas.TempStore);
        Range(errors, "Pragmas.CacheSizeKiB", pragmas.CacheSizeKiB, 0, int.MaxValue);
        Range(errors, "Pragmas.MmapSizeBytes", pragmas.MmapSizeBytes, 0, MostMmapBytes);
        Range(errors, "Pragmas.JournalSizeLimitBytes", pragmas.JournalSizeLimitBytes, -1, long.MaxValue);
        Range(errors, "Pragmas.WalAutoCheckpointPages", pragmas.WalAutoCheckpointPages, 0, int.MaxValue);
        if (pragmas.BusyTimeout < TimeSpan.Zero || pragmas.BusyTimeout > LongestTime)
        {
            errors.Add(
                $"Pragmas.BusyTimeout is {pragmas.BusyTimeout}. Allowed: from zero to a day.{MeantSeconds(pragmas.BusyTimeout)}"
            );
        }

        foreach ((string name, string value) in pragmas.Additional)
        {
            CheckAdditional(name, value, errors);
        }
    }

    private static void CheckWrites(SqlitePoolWriteQueueOptions writes, List<string> errors)
    {
        Range(errors, "Writes.Capacity", writes.Capacity, 1, int.MaxValue);
        Range(errors, "Writes.MaxBatchSize", writes.MaxBatchSize, 1, int.MaxValue);
        Time(errors, "Writes.ItemTimeout", writes.ItemTimeout, zero: false);
        if (writes.MaxBatchDelay < TimeSpan.Zero || writes.MaxBatchDelay > LongestTime)
        {
            errors.Add(
                $"Writes.MaxBatchDelay is {writes.MaxBatchDelay}. Allowed: from zero to a day.{MeantSeconds(writes.MaxBatchDelay)}"
            );
        }

        if (writes.Synchronous is { } synchronous)
        {
            Defined(errors, "Writes.Synchronous", synchronous);
        }
    }

    private static void CheckHealth(SqlitePoolHealthOptions health, List<string> errors)
    {
        Share(errors, "Health.WarningUtilization", health.WarningUtilization);
        if (health.CriticalUtilization is { } critical)
        {
            Share(errors, "Health.CriticalUtilization", critical);
        }

        Time(errors, "Health.CriticalUtilizationTime", health.CriticalUtilizationTime);
        Time(errors, "Health.WarningWaitThreshold", health.WarningWaitThreshold, zero: false);
        Time(errors, "Health.WaitThreshold", health.WaitThreshold, zero: false);
        if (health.Window < TimeSpan.FromSeconds(10) || health.Window > LongestTime)
        {
            errors.Add(
                $"Health.Window is {health.Window}. Allowed: from 10 seconds to a day.{MeantSeconds(health.Window)}"
            );
        }
    }

    private static void Share(List<string> errors, string name, double value)
    {
        if (value is not (>= 0 and <= 1))
        {
            errors.Add(MessageFormat.Of($"{name} is {value}. Allowed: 0 to 1."));
        }
    }

    private static void CheckAdditional(string name, string? value, List<string> errors)
    {
        if (!PragmaName().IsMatch(name))
        {
            errors.Add($"Pragmas.Additional has the name '{name}'. Allowed: letters, digits and underscores.");
        }
        else if (name.ToUpperInvariant() is "KEY" or "REKEY" or "HEXKEY" or "HEXREKEY" or "TEXTKEY" or "TEXTREKEY")
        {
            errors.Add($"Pragmas.Additional has '{name}'. Write Password=… in the connection string instead.");
        }
        else if (Typed.TryGetValue(name, out string? property))
        {
            errors.Add($"Pragmas.Additional has '{name}'. Set Pragmas.{property} instead.");
        }
        else if (value is null || !PragmaValue().IsMatch(value))
        {
            errors.Add($"Pragmas.Additional[\"{name}\"] is '{value}'. Allowed: a whole number, or one word.");
        }
    }

    private static readonly Dictionary<string, string> Typed = new(StringComparer.OrdinalIgnoreCase)
    {
        ["journal_mode"] = nameof(SqlitePragmas.JournalMode),
        ["synchronous"] = nameof(SqlitePragmas.Synchronous),
        ["temp_store"] = nameof(SqlitePragmas.TempStore),
        ["busy_timeout"] = nameof(SqlitePragmas.BusyTimeout),
        ["foreign_keys"] = nameof(SqlitePragmas.ForeignKeys),
        ["cache_size"] = nameof(SqlitePragmas.CacheSizeKiB),
        ["mmap_size"] = nameof(SqlitePragmas.MmapSizeBytes),
        ["journal_size_limit"] = nameof(SqlitePragmas.JournalSizeLimitBytes),
        ["wal_autocheckpoint"] = nameof(SqlitePragmas.WalAutoCheckpointPages),
    };

    private static void Range(
        List<string> errors,
        string name,
        long value,
        long least,
        long most,
        string? mostName = null
    )
    {
        if (value < least || value > most)
        {
            string allowed = most is long.MaxValue or int.MaxValue
                ? MessageFormat.Of($"{least} or more")
                : MessageFormat.Of($"{least} to {most:N0}");
            errors.Add(
                MessageFormat.Of($"{name} is {value}. Allowed: {allowed}{(mostName is null ? "" : $" ({mostName})")}.")
            );
        }
    }

    private static void Time(List<string> errors, string name, TimeSpan value, bool zero = true)
    {
        bool inRange = value >= (zero ? TimeSpan.Zero : TimeSpan.FromMilliseconds(10)) && value <= LongestTime;
        if (!inRange && value != Timeout.InfiniteTimeSpan)
        {
            errors.Add(
                $"{name} is {value}. Allowed: from {(zero ? "zero" : "10 ms")} to a day, or Timeout.InfiniteTimeSpan.{MeantSeconds(value)}"
            );
        }
    }

    /// <summary>A hint for times that are whole days: in a configuration "5" is five days to .NET.</summary>
    public static string MeantSeconds(TimeSpan value) =>
        value >= LongestTime && value.Ticks % TimeSpan.TicksPerDay == 0 && value.TotalDays <= 86_400
            ? $" A number alone means days: write {TimeSpan.FromSeconds(value.TotalDays):c} for {value.TotalDays:0} seconds."
            : "";

    private static void Defined<TEnum>(List<string> errors, string name, TEnum value)
        where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            errors.Add($"{name} is {value}. Allowed: {string.Join(", ", Enum.GetNames<TEnum>())}.");
        }
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex PragmaName();

    [GeneratedRegex(@"^([+-]?[0-9]+|[A-Za-z_][A-Za-z0-9_]*|(?i:utf-(8|16|16le|16be)))\z")]
    private static partial Regex PragmaValue();
}
