using Microsoft.Coyote.Random;
using Microsoft.Coyote.Runtime;

namespace Pool.Sqlite.Interleavings.Controlled;

/// <summary>
/// In place of <see cref="System.Threading.SemaphoreSlim"/>, whose timed waits Coyote lets pass in real time: here one
/// gives up after a few looks, as Coyote chooses.
/// </summary>
internal sealed class ControlledSemaphore(int count, int most = int.MaxValue)
{
    private readonly Lock _lock = new();
    private int _count = count;

    public int CurrentCount
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Takes a permit if there is one: nothing here waits for longer than no time with a token.</summary>
    public bool Wait(int milliseconds, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Check.That(milliseconds == 0 && !cancellationToken.CanBeCanceled, "A wait that is not modelled.");
            if (_count == 0)
            {
                return false;
            }

            _count--;
            return true;
        }
    }

    public bool Wait(TimeSpan timeout)
    {
        for (int looks = 2 + Generator.Create().NextInteger(3); looks > 0; looks--)
        {
            if (Wait(0, CancellationToken.None))
            {
                return true;
            }

            SchedulingPoint.Yield();
        }

        return false;
    }

    public void Release()
    {
        lock (_lock)
        {
            Check.That(_count < most, "A permit was given back that was not taken.");
            _count++;
        }
    }
}
