using Microsoft.Coyote.Random;
using Microsoft.Coyote.Runtime;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Interleavings.Scenarios;

/// <summary>One writer at a time, and all who wait are served, by the gate or by the one that leaves it.</summary>
internal sealed class GateScenarios
{
    private readonly WriteGate _gate = new();
    private readonly Generator _choice = Generator.Create();
    private int _inside;
    private int _writes;

    public static IEnumerable<Scenario> All =>
        [
            new("gate-enter", static () => new GateScenarios().EnterAndExit()),
            new("gate-cancel", static () => new GateScenarios().Cancel()),
            new("gate-combined-writes", static () => new GateScenarios().CombinedWrites()),
            new("gate-left-by-a-return", static () => new GateScenarios().LeftByReturn()),
            new("gate-call-before-next", static () => new GateScenarios().CallBeforeNext()),
        ];

    private async Task EnterAndExit()
    {
        await Check.All(() => Write(2), () => Write(1), () => Write(1), TryWrite);
        AssertFree(atLeast: 4);
    }

    private async Task Cancel()
    {
        using CancellationTokenSource stop = new();
        await Check.All(
            () => Write(2),
            async () =>
            {
                try
                {
                    Check.That(await _gate.Enter(true, Timeout.InfiniteTimeSpan, stop.Token), "It has timed out.");
                    Inside();
                    _gate.Exit();
                }
                catch (OperationCanceledException) { }
            },
            () =>
            {
                stop.Cancel();
                return Task.CompletedTask;
            }
        );
        AssertFree(atLeast: 2);
    }

    // Some leave the gate as they are done, others stay inside, and leave it when their caller goes on.
    private async Task CombinedWrites()
    {
        await Check.All(() => Write(1), CombinedWrite, CombinedWrite, CombinedWrite);
        AssertFree(atLeast: 4);
    }

    // The lease of a combined write that stays inside goes back on another thread at any moment, and leaves the gate:
    // at the very moment, perhaps, at which the holder leaves it to the combined write.
    private async Task LeftByReturn()
    {
        Check.That(_gate.TryEnter(), "It is not free.");
        Begin();
        TaskCompletionSource stays = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<WaitOutcome> combined = _gate
            .Enter(
                () =>
                {
                    Begin();
                    stays.SetResult();
                },
                async: true,
                Timeout.InfiniteTimeSpan,
                CancellationToken.None
            )
            .AsTask();
        await Check.All(
            () =>
            {
                End();
                _gate.Exit();
                return Task.CompletedTask;
            },
            async () =>
            {
                if (await combined == WaitOutcome.Granted)
                {
                    Begin();
                    stays.SetResult();
                }
            },
            async () =>
            {
                await stays.Task;
                End();
                _gate.Exit();
            }
        );
        AssertFree(atLeast: 1);
    }

    private async Task CallBeforeNext()
    {
        int called = 0;
        bool isAsked = false;
        await Check.All(
            () => Write(1),
            () => Write(1),
            () =>
            {
                Action call = () => Interlocked.Increment(ref called);
                isAsked = _gate.TryCallBeforeNext(call);
                if (_choice.NextBoolean())
                {
                    _gate.DoNotCall(call);
                }

                return Task.CompletedTask;
            }
        );
        Check.That(isAsked && called <= 1, $"It was called {called} times.");
        AssertFree(atLeast: 2);
    }

    private async Task Write(int times)
    {
        for (int i = 0; i < times; i++)
        {
            bool async = _choice.NextBoolean();
            Check.That(await _gate.Enter(async, Timeout.InfiniteTimeSpan, default), "It has timed out.");
            Inside();
            _gate.Exit();
        }
    }

    private Task TryWrite()
    {
        if (_gate.TryEnter())
        {
            Inside();
            _gate.Exit();
        }

        return Task.CompletedTask;
    }

    private async Task CombinedWrite()
    {
        bool stays = _choice.NextBoolean();
        WaitOutcome outcome = await _gate.Enter(
            () =>
            {
                Inside();
                if (!stays)
                {
                    _gate.Exit();
                }
            },
            async: true,
            Timeout.InfiniteTimeSpan,
            CancellationToken.None
        );
        if (outcome == WaitOutcome.Granted)
        {
            Inside();
        }

        if (outcome == WaitOutcome.Granted || stays)
        {
            Begin();
            End();
            _gate.Exit();
        }
    }

    private void Inside()
    {
        Begin();
        SchedulingPoint.Interleave();
        End();
        _writes++;
    }

    private void Begin() => Check.Same(1, Interlocked.Increment(ref _inside), "Inside at once");

    private void End() => Check.Same(0, Interlocked.Decrement(ref _inside), "Inside at once");

    private void AssertFree(int atLeast)
    {
        Check.Same(0, _gate.Waiting, "Waiting at the end");
        Check.That(_gate.TryEnter(), "It was not left.");
        Check.That(!_gate.TryEnter(), "It was left twice.");
        Check.That(_writes + 1 >= atLeast, $"{_writes} writes.");
    }
}
