using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Workloads;

/// <summary>Open, run a given query, read every value of every row, close.</summary>
internal sealed class QueryWorker(IContender contender, string query) : Worker
{
    private object[]? _values;

    public override void Run(int count)
    {
        for (var i = 0; i < count; i++)
        {
            RunOnce();
        }
    }

    private void RunOnce()
    {
        using var connection = contender.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        _values ??= new object[reader.FieldCount];
        while (reader.Read())
        {
            reader.GetValues(_values);
        }
    }
}
