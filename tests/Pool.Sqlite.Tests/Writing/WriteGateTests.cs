using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>The gate alone. In every order of its steps it is run by the project Pool.Sqlite.Interleavings.</summary>
public sealed class WriteGateTests
{
    [Fact]
    public async Task It_is_left_once_when_the_lease_of_a_combined_write_goes_back_as_its_turn_ends()
    {
        const int Rounds = 5_000;
        WriteGate gate = new();
        int turn = 0;
        int left = 0;
        using CancellationTokenSource end = new();
        Task leaving = Limit.OnThread(() =>
        {
            for (int round = 1; round <= Rounds; round++)
            {
                while (Volatile.Read(ref turn) < round)
                {
                    if (end.IsCancellationRequested)
                    {
                        return;
                    }
                }

                Thread.SpinWait(round % 50);
                gate.Exit();
                Volatile.Write(ref left, round);
            }
        });
        try
        {
            for (int round = 1; round <= Rounds; round++)
            {
                Assert.True(gate.TryEnter(), $"Round {round}: it was not left.");
                Task<WaitOutcome> combined = gate.Enter(
                        () => Volatile.Write(ref turn, round),
                        async: true,
                        Timeout.InfiniteTimeSpan,
                        CancellationToken.None
                    )
                    .AsTask();
                gate.Exit();

                // Where it took too long to come to its turn, it has the gate, and no turn.
                if (await combined.Limited() == WaitOutcome.Granted)
                {
                    Volatile.Write(ref turn, round);
                }

                await Limit.Until(() => Volatile.Read(ref left) == round);
            }
        }
        finally
        {
            await end.CancelAsync();
            await leaving.Limited();
        }

        Assert.True(gate.TryEnter());
        Assert.False(gate.TryEnter(), "It was left twice.");
    }
}
