using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Sessions;

public sealed class SharedMemoryGateTests
{
    [Theory]
    [InlineData("Data Source={0};Mode=Memory;Cache=Shared;Default Timeout=20")]
    [InlineData("Data Source=file:{0}?mode=memory&cache=shared")]
    public async Task Pools_on_one_memory_database_share_its_gate_however_they_spell_it(string other)
    {
        string name = $"memory{Guid.NewGuid():n}";
        await using SqlitePool first = new($"Data Source={name};Mode=Memory;Cache=Shared");
        await using SqlitePool second = new(
            string.Format(System.Globalization.CultureInfo.InvariantCulture, other, name)
        );
        await first.ExecuteAsync($"create table t(value)");
        await second.ExecuteAsync($"insert into t values (0)");
        using SqlitePoolConnection holder = await first.RentAsync();
        SqlitePoolTransaction transaction = await holder.BeginTransactionAsync();
        Task<int> write = OtherFlow.Run(() => second.ExecuteAsync($"insert into t values (1)"));

        // The connection may be in the housekeeper's hands at this moment; then another one is opened first.
        await Limit.Until(() => second.GetStatistics().WriteGateWaiting == 1);
        Assert.False(write.IsCompleted);
        transaction.Commit();
        Assert.Equal(1, await write.Limited());
    }
}
