using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

/// <summary>
/// Random operations, one after the other, against a model that says after each of them who has been served, who
/// waits, what is open and what every counter shows.
/// </summary>
public sealed class ModelTests : LeasePoolTest
{
    private const int Permits = 4;
    private const int MaxWaiters = 7;
    private const int TimeoutMilliseconds = 1000;

    private readonly List<Waiting> _queue = [];
    private readonly HashSet<PoolEntry<FakeItem>> _stale = [];
    private readonly List<string> _history = [];
    private Random _random = new(0);
    private bool _exclusive;
    private bool _failing;
    private int _idle;
    private int _leased;
    private int _now;
    private LeaseCounts _expected;

    private int Free => _exclusive ? 0 : Permits - _leased;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_is_done_the_pool_does_as_the_model(int seed)
    {
        _random = new Random(seed);
        Source.Opening = _ => FailIfTold();
        MakePool(
            new LeasePoolOptions
            {
                Size = 3,
                MaxOverflow = 1,
                MaxWaiters = MaxWaiters,
                RentTimeout = Milliseconds(TimeoutMilliseconds),
            }
        );
        for (int step = 0; step < 500; step++)
        {
            try
            {
                await Step(_random.Next(100));
                await ServeWaiters();
                AssertAsExpected();
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}, step {step}: {string.Join(", ", _history.TakeLast(30))}: {e}");
            }
        }

        Pool.Dispose();
        await Task.WhenAll(_queue.Select(waiting => AssertClosed(waiting.Task)));
        ReturnAll();
        await AssertDrained();
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 25)];

    private Task Step(int dice) =>
        dice switch
        {
            < 38 => StartRentAsync(),
            < 66 => ReturnOne(_random.Next(6) == 0 ? RetireReason.Retired : RetireReason.None),
            < 74 => CancelOne(),
            < 82 => AdvanceBy(_random.Next(1, 400)),
            < 85 => Clear(),
            < 89 => StartExclusive(),
            < 94 => EndExclusive(),
            < 98 => Done($"failing {_failing = !_failing}"),
            _ => Sweep(),
        };

    private Task Done(string what)
    {
        _history.Add(what);
        return Task.CompletedTask;
    }

    private async Task StartRentAsync()
    {
        await Done("rent");
        bool refused = (_queue.Count > 0 || Free == 0) && _queue.Count >= MaxWaiters;
        Waiting waiting = new(1, _now + TimeoutMilliseconds);
        waiting.Task = StartRent(waiting.Cancel.Token);
        if (refused)
        {
            _expected.Timeouts++;
            await AssertRefused(waiting.Task, RentRefusal.TooManyWaiters);
            return;
        }

        _queue.Add(waiting);
    }

    private async Task StartExclusive()
    {
        if (_queue.Count == MaxWaiters)
        {
            return;
        }

        await Done("exclusive");
        Waiting waiting = new(Permits, _now + TimeoutMilliseconds);
        waiting.Task = Pool.BeginExclusive(waiting.Cancel.Token);
        _queue.Add(waiting);
    }

    private Task EndExclusive()
    {
        if (!_exclusive)
        {
            return Task.CompletedTask;
        }

        _exclusive = false;
        Pool.EndExclusive();
        return Done("end exclusive");
    }

    private async Task ReturnOne(RetireReason reason)
    {
        PoolEntry<FakeItem>[] all = [.. Out];
        if (all.Length == 0)
        {
            return;
        }

        PoolEntry<FakeItem> item = all[_random.Next(all.Length)];
        await Done($"return {item.Number} {reason}");
        bool stale = _stale.Remove(item);
        _idle += stale || reason != RetireReason.None ? 0 : 1;
        _leased--;
        Return(item, reason);
    }

    private async Task CancelOne()
    {
        if (_queue.Count == 0)
        {
            return;
        }

        Waiting waiting = _queue[_random.Next(_queue.Count)];
        await Done("cancel");
        _queue.Remove(waiting);
        _expected.Cancellations++;
        await waiting.Cancel.CancelAsync();
        await AssertCanceled(waiting.Task);
    }

    private async Task AdvanceBy(int milliseconds)
    {
        await Done($"advance {milliseconds}");
        int target = _now + milliseconds;
        while (_queue.Count > 0 && _queue.Min(waiting => waiting.Deadline) is int next && next <= target)
        {
            Time.Advance(Milliseconds(next - _now));
            _now = next;
            foreach (Waiting late in _queue.Where(waiting => waiting.Deadline <= _now).ToArray())
            {
                _queue.Remove(late);
                bool isRent = late.Needed == 1;
                _expected.Timeouts += isRent ? 1 : 0;
                await AssertRefused(
                    late.Task,
                    isRent ? RentRefusal.TimedOutWaiting : RentRefusal.TimedOutWaitingForAll
                );
            }

            await ServeWaiters();
        }

        Time.Advance(Milliseconds(target - _now));
        _now = target;
    }

    // What is idle stays open while somebody waits, until it is looked at next: not modelled.
    private Task Clear()
    {
        if (_queue.Count > 0)
        {
            return Task.CompletedTask;
        }

        _idle = 0;
        _stale.UnionWith(Out);
        Pool.Clear();
        return Done("clear");
    }

    private Task Sweep()
    {
        Pool.Sweep();
        return Done("sweep");
    }

    /// <summary>Awaits those who must have been served by now, and takes them out of the model's queue.</summary>
    private async Task ServeWaiters()
    {
        while (_queue.Count > 0 && Free >= _queue[0].Needed)
        {
            if (_queue[0].Needed > 1)
            {
                await _queue[0].Task.Limited();
                _queue.RemoveAt(0);
                _exclusive = true;
                _idle = 0;
                return;
            }

            Waiting[] served = [.. _queue.TakeWhile(waiting => waiting.Needed == 1).Take(Free)];
            _queue.RemoveRange(0, served.Length);
            int opened = Math.Max(0, served.Length - _idle);
            _idle -= served.Length - opened;
            int failed = 0;
            foreach (Waiting waiting in served)
            {
                Exception? failure = await Record.ExceptionAsync(waiting.Task.Limited);
                failed += failure is null ? 0 : 1;
                Assert.True(failure is null or FakeFailure, $"{failure}");
            }

            Assert.Equal(_failing ? opened : 0, failed);
            _expected.OpenFailures += failed;
            _expected.Misses += opened - failed;
            _expected.Rents += served.Length - failed;
            _leased += served.Length - failed;
        }
    }

    private void AssertAsExpected()
    {
        LeaseCounts counts = Counts;
        Assert.DoesNotContain(_queue, waiting => waiting.Task.IsCompleted);
        Assert.Equal((_queue.Count, 0), (counts.Waiting, counts.Opening));
        Assert.Equal((_idle + _leased, _leased), (counts.Open, counts.InUse));
        Assert.Equal((_expected.Rents, _expected.Misses), (counts.Rents, counts.Misses));
        Assert.Equal((_expected.Timeouts, _expected.Cancellations), (counts.Timeouts, counts.Cancellations));
        Assert.Equal(_expected.OpenFailures, counts.OpenFailures);
        AssertCountersAreExact(_queue.Count);
    }

    private void FailIfTold()
    {
        if (_failing)
        {
            throw new FakeFailure(transient: false);
        }
    }

    private sealed class Waiting(int needed, int deadline)
    {
        public int Needed => needed;

        public int Deadline => deadline;

        public CancellationTokenSource Cancel { get; } = new();

        public Task Task { get; set; } = Task.CompletedTask;
    }
}
