using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;
using SQLitePCL;

namespace Pool.Sqlite.Maintenance;

/// <summary>Looks for damage in a database, in one snapshot.</summary>
internal static class IntegrityCheck
{
    private const int MostFindings = 100;

    /// <param name="physical">A connection that is rented for this check alone.</param>
    /// <param name="quick">Without comparing indices with their tables, and without foreign keys.</param>
    /// <param name="foreignKeys">Whether rows that refer to none are findings.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SqliteException">It cannot be read, for another reason than damage.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SqlitePoolIntegrityResult Run(
        PhysicalConnection physical,
        bool quick,
        bool foreignKeys,
        CancellationToken cancellationToken
    ) =>
        StoppableWork.Run(
            physical.Stop,
            () =>
            {
                physical.IsTouched = true;
                try
                {
                    physical.BeginSnapshot();
                    return new SqlitePoolIntegrityResult(Find(physical.Handle, quick, foreignKeys));
                }
                catch (SqliteException e) when (IsDamage(e))
                {
                    physical.NoteFailure(e);
                    return Damaged(e);
                }
            },
            cancellationToken
        );

    /// <summary>True when the failure itself is the finding.</summary>
    public static bool IsDamage(SqliteException failure) =>
        failure.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    public static SqlitePoolIntegrityResult Damaged(SqliteException failure) => new([failure.Message]);

    private static List<string> Find(sqlite3 handle, bool quick, bool foreignKeys)
    {
        string check = quick ? "quick_check" : "integrity_check";
        List<string> findings = Read(
            handle,
            $"PRAGMA {check}({MostFindings})",
            static row => raw.sqlite3_column_text(row, 0).utf8_to_string()
        );
        if (findings is ["ok"])
        {
            findings.Clear();
        }

        if (foreignKeys && !quick)
        {
            findings.AddRange(Read(handle, "PRAGMA foreign_key_check", Describe));
        }

        return findings;
    }

    private static string Describe(sqlite3_stmt row)
    {
        string id =
            raw.sqlite3_column_type(row, 1) == raw.SQLITE_NULL ? "a row" : $"row {raw.sqlite3_column_int64(row, 1)}";
        return $"foreign key: {id} of '{raw.sqlite3_column_text(row, 0).utf8_to_string()}' refers to a row of "
            + $"'{raw.sqlite3_column_text(row, 2).utf8_to_string()}' that does not exist";
    }

    private static List<string> Read(sqlite3 handle, string sql, Func<sqlite3_stmt, string> read)
    {
        List<string> rows = [];
        int result = raw.sqlite3_prepare_v2(handle, sql, out sqlite3_stmt statement);
        using (statement)
        {
            while (result is raw.SQLITE_OK or raw.SQLITE_ROW && rows.Count < MostFindings)
            {
                result = raw.sqlite3_step(statement);
                if (result == raw.SQLITE_ROW)
                {
                    rows.Add(read(statement));
                }
            }
        }

        if (result is not (raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            SqliteException.ThrowExceptionForRC(result, handle);
        }

        return rows;
    }
}
