using Pool.Sqlite.Configuration;
using Pool.Sqlite.Maintenance;
using Pool.Sqlite.Sessions;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Maintenance;

/// <summary>
/// It is looked at by a timer, where an exception ends the process: what is in the way must not become one.
/// </summary>
public sealed class SharedLockKeeperFailureTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_database_that_cannot_be_opened_is_done_without(bool isMissing)
    {
        using TempDatabase database = new();
        string path = database.In(isMissing ? "missing/test.db" : "text.db");
        if (!isMissing)
        {
            File.WriteAllText(path, new string('x', 4_096));
        }

        DatabaseTarget target = ConnectionStringParser.Parse($"Data Source={path}");
        await Limit
            .OnThread(() =>
            {
                using SharedLockKeeper sharedLockKeeper = SharedLockKeeper.For(target, new SqlitePragmas())!;

                // After a failure it rests for 60 rounds.
                for (int round = 1; round <= 200; round++)
                {
                    sharedLockKeeper.Look(round * 1_000);
                }
            })
            .Limited();
    }
}
