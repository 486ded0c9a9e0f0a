using Microsoft.Data.Sqlite;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Tests.Support;
using SQLitePCL;

namespace Pool.Sqlite.Tests.Sessions;

/// <summary>A connection that fails in a way that may be its own is not lent again.</summary>
public sealed class BadConnectionsAreNotKeptTests : TwoLeases
{
    [Fact]
    public void One_that_fails_as_read_only_is_replaced()
    {
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            connection.Run("create table t (v)");
        }

        long number;
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            number = connection.Number();
            connection.Run("PRAGMA query_only=1");
            SqliteException failure = Assert.Throws<SqliteException>(() => connection.Run("insert into t values (1)"));
            Assert.Equal(raw.SQLITE_READONLY, failure.SqliteErrorCode);
        }

        using SqlitePoolConnection next = Pool.Rent();
        Assert.NotEqual(number, next.Number());
        next.Run("insert into t values (1)");
    }

    [Fact]
    public void One_that_reads_a_corrupt_page_is_replaced()
    {
        using (SqliteConnection direct = Database.OpenDirectly())
        {
            direct.Run("create table t (v); insert into t values (1)");
        }

        using (FileStream file = File.OpenWrite(Database.Path))
        {
            // The second page, where the table is.
            file.Position = 4096;
            file.Write(Enumerable.Repeat((byte)0xee, 4096).ToArray());
        }

        long number;
        using (SqlitePoolConnection connection = Pool.Rent())
        {
            number = connection.Number();
            SqliteException failure = Assert.Throws<SqliteException>(() => connection.Ask("select * from t"));
            Assert.Equal(raw.SQLITE_CORRUPT, failure.SqliteErrorCode);
        }

        using SqlitePoolConnection next = Pool.Rent();
        Assert.NotEqual(number, next.Number());
    }

    [Fact]
    public void One_that_SQLite_has_opened_read_only_is_refused_at_once_and_the_next_can_write()
    {
        Assert.SkipUnless(Unprivileged.IsPossible, "It takes root on Linux to drop a right for one thread.");
        using (SqliteConnection direct = Database.OpenDirectly())
        {
            direct.Run("PRAGMA journal_mode=wal; create table t (v)");
        }

        Unprivileged.SetMode(Path.GetDirectoryName(Database.Path)!, (UnixFileMode)0b111_111_111);
        Unprivileged.SetMode(
            Database.Path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead
        );
        SqliteException failure = Assert.Throws<SqliteException>(() =>
            Unprivileged.Run(() =>
            {
                DatabaseTarget target = ConnectionStringParser.Parse(Options.ConnectionString);
                return ConnectionOpening.Open(target, Pragma.List(Options, target), Options, OpeningWait.Unlimited);
            })
        );
        Assert.Equal(raw.SQLITE_READONLY, failure.SqliteErrorCode);
        Assert.Contains("Mode=ReadOnly", failure.Message, StringComparison.Ordinal);

        using SqlitePoolConnection next = Pool.Rent();
        next.Run("insert into t values (1)");
    }
}
