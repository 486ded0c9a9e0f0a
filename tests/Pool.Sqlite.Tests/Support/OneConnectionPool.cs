namespace Pool.Sqlite.Tests.Support;

internal static class OneConnectionPool
{
    /// <summary>
    /// A pool with one connection: whoever rents next gets the same one, if it is still there. On a clock that stands
    /// still, so that no round of the housekeeper has it in its hands.
    /// </summary>
    public static SqlitePool OneConnection(this TempDatabase database, TestLog? log = null) =>
        new(database.Options(size: 1, overflow: 0), log, new FakeTimeProvider());
}
