using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Configuration;
using Pool.Sqlite.Maintenance;
using Pool.Sqlite.Pooling;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite;

/// <summary>
/// Pools for many databases with the same settings, such as one for each tenant: each file has a pool of its own, made
/// when it is first asked for and closed when it is not used, and all of them together keep to one number of open
/// connections.
/// </summary>
/// <remarks>
/// Make one and keep it as long as the application lives. All members can be called from any thread at any time.
/// Nothing is opened, and no file or folder made, before the first rent. Keys are told apart by case; they become file
/// names, so a key that would lead out of the folder, or is no file name on some system, is refused.
/// </remarks>
/// <example>
/// <code>
/// await using var tenants = new SqlitePoolSet("tenants");
/// await tenants["contoso"].ExecuteAsync($"insert into orders (customer) values ({customer})");
/// using var connection = await tenants.RentAsync("contoso");
/// </code>
/// </example>
public sealed partial class SqlitePoolSet : IAsyncDisposable, IDisposable
{
    private const int DefaultParallel = 4;
    private readonly SqlitePoolSetOptions _options;
    private readonly ILoggerFactory? _loggerFactory;
    private readonly TimeProvider _time;
    private readonly OpenBudget<PhysicalConnection> _budget;
    private readonly PoolSetFiles _files;
    private readonly PoolSetRegistry _registry;
    private readonly PoolSetRenting _renting;

    /// <summary>Makes a set with the default settings.</summary>
    /// <param name="folder">The folder of the databases: <c>tenants</c>, with files <c>key.db</c>.</param>
    /// <exception cref="ArgumentException">The folder is empty.</exception>
    public SqlitePoolSet(string folder)
        : this(new SqlitePoolSetOptions { Folder = folder }) { }

    /// <summary>Makes a set. The options are copied and checked; nothing is opened.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="loggerFactory">Where its pools write their log; none by default.</param>
    /// <param name="timeProvider">Its clock and timers; the system's by default.</param>
    /// <exception cref="ArgumentException">
    /// A setting makes no sense; the message names it, its value and what is allowed.
    /// </exception>
    public SqlitePoolSet(
        SqlitePoolSetOptions options,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Clone();
        SetOptionsCheck.Check(_options);
        _loggerFactory = loggerFactory;
        _time = MonotonicTime.For(timeProvider);
        _files = new PoolSetFiles(_options);
        _budget = new OpenBudget<PhysicalConnection>(_options.MaxOpenConnections, _time);
        _registry = new PoolSetRegistry(Make, _options.MaxOpenPools, _options.PoolIdleTimeout, _time);
        _renting = new PoolSetRenting(_registry, _options.Pool, _time);
    }

    /// <inheritdoc cref="GetPool"/>
    public SqlitePool this[string key] => GetPool(key);

    /// <summary>
    /// The keys of the pools that are kept at this moment. For those of all databases see <see cref="FindKeys"/>.
    /// </summary>
    public IReadOnlyCollection<string> Keys =>
        [.. _registry.Kept.Select(static each => each.Key).Order(StringComparer.Ordinal)];

    /// <summary>
    /// The pool of a key. It is closed by the set: do not dispose it. One that is disposed all the same is replaced by a
    /// new one. One that is kept by the caller stays usable until the set is closed, or its key removed.
    /// </summary>
    /// <param name="key">Names the database.</param>
    /// <remarks>
    /// While <see cref="RemoveAsync"/> closes the pool of the same key, this blocks until it is closed.
    /// </remarks>
    /// <exception cref="ArgumentException">It cannot be a key; the message says why.</exception>
    /// <exception cref="SqlitePoolTimeoutException">
    /// The pool of the same key was being removed for longer than <see cref="SqlitePoolOptions.RentTimeout"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The set is closed.</exception>
    public SqlitePool GetPool(string key)
    {
        DatabaseKey.Check(key);
        return _renting.GetPool(key);
    }

    /// <summary>The path of the database of a key, whether it exists or not.</summary>
    /// <param name="key">Names the database.</param>
    /// <exception cref="ArgumentException">It cannot be a key; the message says why.</exception>
    public string GetPath(string key)
    {
        DatabaseKey.Check(key);
        return _files.PathOf(key);
    }

    /// <summary>
    /// The keys of all databases there are: the files in <see cref="SqlitePoolSetOptions.Folder"/>, or what
    /// <see cref="SqlitePoolSetOptions.ListKeys"/> answers.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The files are named by a function, and no function lists their keys.
    /// </exception>
    public IReadOnlyList<string> FindKeys() => _files.FindKeys();

    /// <summary>
    /// Closes the pool of a key, so that its file can be deleted or moved: what is out is waited for up to
    /// <see cref="SqlitePoolOptions.ShutdownTimeout"/>, and the WAL is moved into the file. Rents of the same key
    /// through the set wait meanwhile, and then get a new pool, which makes the file again: to keep them out while the
    /// file is replaced, use <see cref="SqlitePool.RunExclusiveAsync(Func{CancellationToken, Task}, CancellationToken)"/> instead. On the pool itself rents fail.
    /// </summary>
    /// <param name="key">Names the database.</param>
    /// <param name="cancellationToken">Ends the wait; the pool is closed all the same once that has begun.</param>
    /// <returns>True when there was a pool.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="ArgumentException">It cannot be a key; the message says why.</exception>
    /// <exception cref="SqlitePoolTimeoutException">
    /// Leases are still out, so that the file is still open. They are closed when they come back.
    /// </exception>
    public async Task<bool> RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        DatabaseKey.Check(key);
        cancellationToken.ThrowIfCancellationRequested();
        if (_registry.Remove(key) is not { } closing)
        {
            return false;
        }

        await closing.WaitAsync(cancellationToken).Exactly().ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Runs <paramref name="work"/> for each database there is (see <see cref="FindKeys"/>), several at once:
    /// migrations, for example. One that fails does not keep the others from being run.
    /// </summary>
    /// <param name="work">Gets the key, its pool and the token.</param>
    /// <param name="maxParallel">The number that run at once. Default 4.</param>
    /// <param name="cancellationToken">Begins no more of them; passed on to those that run.</param>
    /// <exception cref="AggregateException">Some failed: an exception for each, which names the key.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">
    /// The files are named by a function, and no function lists their keys.
    /// </exception>
    public Task ForEachAsync(
        Func<string, SqlitePool, CancellationToken, Task> work,
        int maxParallel = DefaultParallel,
        CancellationToken cancellationToken = default
    ) => ForEachAsync(FindKeys().Union(Keys, StringComparer.Ordinal), work, maxParallel, cancellationToken);

    /// <summary>
    /// As <see cref="ForEachAsync(Func{string, SqlitePool, CancellationToken, Task}, int, CancellationToken)"/>, for
    /// some.
    /// </summary>
    /// <param name="keys">The keys.</param>
    /// <param name="work">Gets the key, its pool and the token.</param>
    /// <param name="maxParallel">The number that run at once. Default 4.</param>
    /// <param name="cancellationToken">Begins no more of them; passed on to those that run.</param>
    /// <exception cref="AggregateException">Some failed: an exception for each, which names the key.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task ForEachAsync(
        IEnumerable<string> keys,
        Func<string, SqlitePool, CancellationToken, Task> work,
        int maxParallel = DefaultParallel,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxParallel, 1);
        ConcurrentQueue<Exception> failures = new();
        ParallelOptions options = new() { MaxDegreeOfParallelism = maxParallel, CancellationToken = cancellationToken };
        await Parallel
            .ForEachAsync(
                keys,
                options,
                async (key, token) =>
                {
                    try
                    {
                        await work(key, GetPool(key), token).OrThrow().ConfigureAwait(false);
                    }
                    // Thrown with the others, at the end.
                    catch (Exception e) when (e is not OperationCanceledException || !token.IsCancellationRequested)
                    {
                        failures.Enqueue(
                            new InvalidOperationException($"Database {DatabaseKey.Quoted(key)}: {e.Message}", e)
                        );
                    }
                }
            )
            .Exactly()
            .ConfigureAwait(false);
        if (!failures.IsEmpty)
        {
            throw new AggregateException($"The work failed for {failures.Count} of the databases.", failures);
        }
    }

    /// <inheritdoc cref="ForEachAsync(Func{string, SqlitePool, CancellationToken, Task}, int, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task ForEachAsync(
        Func<string, SqlitePool, CancellationToken, Task> work,
        CancellationToken cancellationToken
    ) => ForEachAsync(work, DefaultParallel, cancellationToken);

    /// <inheritdoc cref="ForEachAsync(IEnumerable{string}, Func{string, SqlitePool, CancellationToken, Task}, int, CancellationToken)"/>
    [OverloadResolutionPriority(1)] // For default, which is a token here.
    public Task ForEachAsync(
        IEnumerable<string> keys,
        Func<string, SqlitePool, CancellationToken, Task> work,
        CancellationToken cancellationToken
    ) => ForEachAsync(keys, work, DefaultParallel, cancellationToken);

    /// <summary>How the set and its pools stand.</summary>
    public SqlitePoolSetStatistics GetStatistics()
    {
        return new SqlitePoolSetStatistics
        {
            MaxOpenConnections = _budget.Size,
            OpenConnections = _budget.Taken,
            PeakOpenConnections = _budget.Peak,
            Waiting = _budget.Waiting,
            WaitTime = _budget.WaitTimes.Summarize(),
            Timeouts = _budget.Timeouts,
            Evictions = _budget.Evictions,
            PoolsMade = _registry.Made,
            PoolsClosed = _registry.LetGone,
            Pools = _registry.Kept.ToDictionary(
                static each => each.Key,
                static each => each.Pool.GetStatistics(),
                StringComparer.Ordinal
            ),
        };
    }

    /// <summary>
    /// Closes every pool, all at once, without waiting for leases: see <see cref="SqlitePool.Dispose(bool)"/>.
    /// </summary>
    public void Dispose()
    {
        // Each may wait for its write queue.
        Task.WhenAll(_registry.Close(out _).Select(static pool => Task.Run(pool.Dispose))).GetAwaiter().GetResult();
        _budget.Dispose();
    }

    /// <summary>
    /// Closes every pool, all at once, and waits up to <see cref="SqlitePoolOptions.ShutdownTimeout"/> for what is out.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        SqlitePool[] pools = _registry.Close(out Task[] closing);
        await Task.WhenAll(
                pools.Select(static pool => Task.Run(async () => await pool.DisposeAsync().ConfigureAwait(false)))
            )
            .ConfigureAwait(false);
        await Task.WhenAll(closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _budget.Dispose();
    }

    private SqlitePool Make(string key) => new(_files.OptionsFor(key), _loggerFactory, _time, _budget);
}
