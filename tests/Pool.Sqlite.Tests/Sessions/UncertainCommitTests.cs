using Microsoft.Data.Sqlite;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class UncertainCommitTests
{
    [Theory]
    [InlineData(1034)]
    [InlineData(1290)]
    public void A_commit_that_the_disk_did_not_confirm_is_told_as_unknown(int code)
    {
        SqliteException failure = Assert.Throws<SqliteException>(() => UncertainCommit.ThrowIf(code));
        Assert.Contains("unknown whether it is stored", failure.Message, StringComparison.Ordinal);
        Assert.Equal(code, failure.SqliteExtendedErrorCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(778)]
    public void Other_failures_are_told_as_SQLite_does(int code) => UncertainCommit.ThrowIf(code);
}
