using System.Collections.Concurrent;

namespace Pool.Sqlite.Chaos;

/// <summary>What was found to be wrong. The first ones are kept.</summary>
internal sealed class Faults
{
    private const int Most = 20;
    private readonly ConcurrentQueue<string> _found = new();

    public bool Any => !_found.IsEmpty;

    public IEnumerable<string> Found => _found;

    public void Add(string fault)
    {
        if (_found.Count < Most)
        {
            _found.Enqueue(fault);
        }
    }

    public void Check(bool condition, string fault)
    {
        if (!condition)
        {
            Add(fault);
        }
    }
}
