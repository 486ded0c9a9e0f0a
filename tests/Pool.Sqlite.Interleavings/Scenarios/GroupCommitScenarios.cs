using Microsoft.Coyote.Random;
using Microsoft.Coyote.Runtime;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Interleavings.Scenarios;

/// <summary>
/// Whose sync answers whom, on a disk that remembers how far it was written when each sync began: one that is answered
/// without an error is on the disk, in every order of the steps.
/// </summary>
internal sealed class GroupCommitScenarios
{
    private readonly Generator _choice = Generator.Create();
    private readonly Lock _gate = new();
    private readonly GroupCommit _group;
    private readonly WalSyncer _wal;
    private int _failuresLeft;
    private bool _isSyncing;

    // The disk: how many frames were written, how many of them would survive a power failure, and whether a sync that
    // failed has left a hole in the WAL, behind which nothing survives whatever is synced later.
    private int _written;
    private int _durable;
    private bool _hasHole;

    private GroupCommitScenarios(int failures = 0)
    {
        _failuresLeft = failures;
        Thread.Started.Clear();

        // Some file that is there: a WAL that is gone leaves nothing in doubt.
        _wal = new WalSyncer(typeof(GroupCommitScenarios).Assembly.Location, Flush);
        _group = new GroupCommit(_wal.Sync);
    }

    public static IEnumerable<Scenario> All =>
        [
            new("commit-group", static () => new GroupCommitScenarios().Commits()),
            new("commit-failing-sync", static () => new GroupCommitScenarios(failures: 2).Commits()),
            new("commit-cancel", static () => new GroupCommitScenarios().Cancel()),
            new("commit-idle", static () => new GroupCommitScenarios().Idle()),
        ];

    private async Task Commits()
    {
        bool canFail = _failuresLeft > 0;
        await Check.All(() => Commit(2), () => Commit(1), () => Commit(1), () => Commit(1, leads: false));
        await AssertQuiet();
        Check.That(canFail || _group.Committed == 5, $"{_group.Committed} commits.");
    }

    private async Task Cancel()
    {
        using CancellationTokenSource stop = new();
        await Check.All(
            () => Commit(2),
            () => Commit(1),
            async () =>
            {
                try
                {
                    await Commit(1, cancellationToken: stop.Token);
                }
                catch (OperationCanceledException) { }
            },
            () =>
            {
                stop.Cancel();
                return Task.CompletedTask;
            }
        );
        await AssertQuiet();
    }

    private async Task Idle()
    {
        await Check.All(
            () => Commit(1),
            () => Commit(1),
            async () =>
            {
                long committed = _group.Committed;
                await _group.SyncCommitted();
                Check.That(_group.Synced >= committed, "What was committed is not synced.");
                await _group.WhenIdle();
            }
        );
        await AssertQuiet();
    }

    private async Task Commit(int times, bool leads = true, CancellationToken cancellationToken = default)
    {
        for (int i = 0; i < times; i++)
        {
            int frame;
            CommitTicket ticket;
            lock (_gate)
            {
                frame = ++_written;
                SchedulingPoint.Interleave();
                ticket = _wal.IsSuspect && IsMadeDurable() ? default : _group.Take();
            }

            try
            {
                await (leads ? ticket.Wait(_choice.NextBoolean(), cancellationToken) : ticket.WaitInBackground());
            }
            catch (SqliteException)
            {
                Check.That(_wal.IsSuspect || _failuresLeft < 2, "A sync that did not fail was told as failed.");
                continue;
            }

            int durable = Volatile.Read(ref _durable);
            Check.That(frame <= durable, $"Frame {frame} was answered, and {durable} would survive.");
        }
    }

    // The checkpoint inside the gate, as connections do it: readers keep it from moving anything, or from beginning
    // the WAL anew.
    private bool IsMadeDurable()
    {
        switch (_choice.NextInteger(3))
        {
            case 0:
                return false;
            case 1:
                Volatile.Write(ref _durable, _written);
                return true;
            default:
                Volatile.Write(ref _durable, _written);
                Volatile.Write(ref _hasHole, false);
                _wal.BeginAnew();
                return false;
        }
    }

    private void Flush()
    {
        Check.That(!_isSyncing, "Two syncs at once.");
        _isSyncing = true;
        int written = Volatile.Read(ref _written);
        SchedulingPoint.Interleave();
        _isSyncing = false;
        if (_failuresLeft > 0 && _choice.NextBoolean())
        {
            _failuresLeft--;
            Volatile.Write(ref _hasHole, true);
            throw new IOException("The disk is gone.");
        }

        if (!Volatile.Read(ref _hasHole))
        {
            Volatile.Write(ref _durable, Math.Max(written, Volatile.Read(ref _durable)));
        }
    }

    private async Task AssertQuiet()
    {
        await _group.SyncCommitted();
        await _group.WhenIdle();

        // Its thread ends when it has had nothing to do for a while.
        foreach (Task thread in Thread.Started)
        {
            await thread;
        }

        Check.Same((_group.Committed, 0), (_group.Synced, _group.Waiting), "Synced, waiting");
    }
}
