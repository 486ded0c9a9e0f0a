using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>What would help when a database cannot be opened, as far as a look at the path tells.</summary>
internal static class OpenAdvice
{
    /// <summary>A sentence with a space before it, or nothing.</summary>
    /// <param name="failure">Why it could not be opened.</param>
    /// <param name="target">What was to be opened.</param>
    /// <param name="doing">What was being done.</param>
    public static string For(SqliteException failure, DatabaseTarget target, string doing)
    {
        if (target.Kind != DatabaseKind.File)
        {
            return "";
        }

        string path = Path.GetFullPath(target.MemoryName);
        return failure.SqliteErrorCode switch
        {
            raw.SQLITE_CANTOPEN when Directory.Exists(path) => $" '{path}' is a folder: name a file in it.",
            raw.SQLITE_CANTOPEN when Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder) =>
                $" The folder '{folder}' does not exist: create it first.",
            raw.SQLITE_CANTOPEN when target.IsReadOnly && !File.Exists(path) =>
                " The file does not exist, and Mode=ReadOnly does not create it.",
            raw.SQLITE_CANTOPEN when !target.CreatesFile && !File.Exists(path) =>
                " The file does not exist, and Mode=ReadWrite does not create it: leave Mode out to have it made.",
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED when !BecomesWal(doing) =>
                " Another process, or a connection outside this pool, held its lock on the file for too long.",
            _ when !BecomesWal(doing) => "",
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
                " Another process uses the file in rollback-journal mode, and it cannot become WAL meanwhile. Write "
                    + "\"Journal Mode=Delete\" to leave it as it is, or \"Mode=ReadOnly\" to read only.",
            raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_IOERR =>
                " The file is in rollback-journal mode, and becoming WAL has to write it and its folder. Write \"Mode=ReadOnly\" to read "
                    + "only; or give this process the right to write, and \"Journal Mode=Delete\" if the folder cannot have more files.",
            _ => "",
        };
    }

    private static bool BecomesWal(string doing) =>
        doing.Contains($"{Pragma.JournalMode}=WAL", StringComparison.OrdinalIgnoreCase);
}
