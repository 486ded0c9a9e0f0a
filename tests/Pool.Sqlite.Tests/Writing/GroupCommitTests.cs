using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Writing;

/// <summary>Whose sync answers whom. The disk is a fake whose syncs begin and end when the test says so.</summary>
public sealed class GroupCommitTests : IDisposable
{
    private readonly SemaphoreSlim _ends = new(0);
    private readonly GroupCommit _group;
    private Exception? _failure;
    private int _begun;
    private bool _isFree;

    public GroupCommitTests() => _group = new GroupCommit(Sync);

    public void Dispose() => _ends.Dispose();

    [Fact]
    public async Task One_that_is_alone_syncs_on_its_own_thread()
    {
        int thread = 0;
        GroupCommit group = new(() => thread = Environment.CurrentManagedThreadId);
        ValueTask wait = group.Take().Wait(async: false);
        Assert.True(wait.IsCompletedSuccessfully);
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
        await wait;
    }

    [Fact]
    public async Task One_whose_thread_is_wanted_leaves_the_sync_to_another()
    {
        int thread = 0;
        GroupCommit group = new(() => thread = Environment.CurrentManagedThreadId);
        group.Take();
        Task wait = group.Wait(1, async: true, leads: false, CancellationToken.None).AsTask();
        int own = Environment.CurrentManagedThreadId;
        await wait.Limited();
        Assert.True(group.IsDurable(1));
        Assert.NotEqual(own, thread);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_that_came_while_a_sync_was_going_on_waits_for_the_next(bool async)
    {
        Task first = Wait(_group.Take(), async);
        await Begun(1);
        Task second = Wait(_group.Take(), async);
        Task third = Wait(_group.Take(), async);
        await Limit.Until(() => _group.Waiting == 2);
        _ends.Release();
        await first.Limited();
        await Begun(2);
        Assert.False(second.IsCompleted || third.IsCompleted);
        _ends.Release();
        await Task.WhenAll(second, third).Limited();
        Assert.Equal(2, _begun);
    }

    [Fact]
    public async Task A_commit_written_before_a_sync_began_is_answered_by_it_though_it_asks_later()
    {
        CommitTicket early = _group.Take();
        Task first = Wait(_group.Take());
        await Begun(1);
        CommitTicket late = _group.Take();
        _ends.Release();
        await first.Limited();
        Assert.True(early.IsDurable);
        await early.Wait(async: true);
        Assert.False(late.IsDurable);
        _ends.Release();
        await Wait(late).Limited();
        Assert.Equal(2, _begun);
    }

    [Fact]
    public async Task A_sync_that_fails_is_told_to_all_that_it_was_to_answer_and_the_next_is_tried()
    {
        CommitTicket silent = _group.Take();
        _failure = new IOException("Input/output error");
        Task first = Wait(_group.Take());
        await Begun(1);
        Task second = Wait(_group.Take());
        await Limit.Until(() => _group.Waiting == 1);
        _failure = null;
        _ends.Release();
        SqliteException told = await Assert.ThrowsAsync<SqliteException>(() => first.Limited());
        Assert.Equal((10, 1034), (told.SqliteErrorCode, told.SqliteExtendedErrorCode));
        Assert.Contains("may not survive a power failure", told.Message, StringComparison.Ordinal);
        Assert.Contains("Input/output error", told.Message, StringComparison.Ordinal);
        _ends.Release();
        await second.Limited();
        Assert.False(silent.IsDurable);
        await Assert.ThrowsAsync<SqliteException>(async () => await silent.Wait(async: true));
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_says_that_the_write_is_stored()
    {
        Task first = Wait(_group.Take());
        await Begun(1);
        using CancellationTokenSource stop = new();
        Task second = _group.Take().Wait(async: true, stop.Token).AsTask();
        await stop.CancelAsync();
        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            second.Limited()
        );
        Assert.Contains("in the database", cancelled.Message, StringComparison.Ordinal);
        Assert.Equal(stop.Token, cancelled.CancellationToken);
        _ends.Release(2);
        await first.Limited();
        await Limit.Until(() => _group.Waiting == 0);
    }

    [Fact]
    public async Task Events_tell_how_many_commits_a_sync_has_answered()
    {
        Events events = new();
        _group.Subscribe(events);
        Task first = Wait(_group.Take());
        await Begun(1);
        Task[] more = [Wait(_group.Take()), Wait(_group.Take()), Wait(_group.Take())];
        await Limit.Until(() => _group.Waiting == 3);
        _ends.Release(2);
        await Task.WhenAll([first, .. more]).Limited();
        Assert.Equal([1L, 3L], events.Commits);
    }

    [Fact]
    public async Task Blocking_waits_end_though_no_thread_of_the_thread_pool_is_free()
    {
        _isFree = true;
        int done = 0;
        Thread[] threads =
        [
            .. Enumerable
                .Range(0, 16)
                .Select(_ => new Thread(() =>
                {
                    for (int i = 0; i < 200; i++)
                    {
                        _group.Take().Wait(async: false).AsTask().GetAwaiter().GetResult();
                        Interlocked.Increment(ref done);
                    }
                })),
        ];
        Array.ForEach(threads, static thread => thread.Start());
        await Limit.Until(() => done == 3200);
        Array.ForEach(threads, static thread => thread.Join());
        await _group.WhenIdle().Limited();
        Assert.InRange(_begun, 1, 3200);
    }

    private void Sync()
    {
        Exception? failure = _failure;
        Interlocked.Increment(ref _begun);
        if (!_isFree)
        {
            Assert.True(_ends.Wait(Limit.Length));
        }

        if (failure is not null)
        {
            throw failure;
        }
    }

    private Task Begun(int syncs) => Limit.Until(() => Volatile.Read(ref _begun) == syncs);

    private static Task Wait(CommitTicket ticket, bool async = true) =>
        Limit.OnThread(() => ticket.Wait(async).AsTask()).Unwrap();

    private sealed class Events : IGroupCommitEvents
    {
        public List<long> Commits { get; } = [];

        public void Synced(long commits, TimeSpan time) => Commits.Add(commits);

        public void SyncFailed(Exception failure) => Commits.Add(-1);
    }
}
