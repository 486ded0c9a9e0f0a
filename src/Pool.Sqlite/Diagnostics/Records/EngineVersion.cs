using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>A version of SQLite, and what is known to be wrong with it.</summary>
/// <param name="Number">As <c>sqlite3_libversion_number</c> has it: 3051003 is 3.51.3.</param>
internal readonly record struct EngineVersion(int Number)
{
    private static readonly Lazy<EngineVersion> Loaded = new(Load);

    /// <summary>The one in this process.</summary>
    public static EngineVersion Current => Loaded.Value;

    /// <summary>
    /// True when a checkpoint that overlaps a commit which resets the WAL can lose what was committed: from 3.7.0,
    /// fixed in 3.51.3, and backported to 3.50.7 and 3.44.6.
    /// </summary>
    public bool HasWalResetBug =>
        Number switch
        {
            < 3_007_000 => false,
            >= 3_051_003 => false,
            >= 3_050_007 and < 3_051_000 => false,
            >= 3_044_006 and < 3_045_000 => false,
            _ => true,
        };

    /// <summary>
    /// True when an aggregate query with more terms than columns can corrupt memory: CVE-2025-6965, fixed in 3.50.2.
    /// </summary>
    public bool HasAggregateBug => Number < 3_050_002;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Number / 1_000_000}.{Number / 1_000 % 1_000}.{Number % 1_000}");

    // The driver's static constructor loads the engine, where nothing has used the driver yet.
    private static EngineVersion Load()
    {
        new SqliteConnection().Dispose();
        return new EngineVersion(raw.sqlite3_libversion_number());
    }
}
