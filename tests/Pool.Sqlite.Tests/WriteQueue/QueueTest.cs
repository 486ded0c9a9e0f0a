using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.WriteQueue;

/// <summary>A pool with a table, and what tests of its write queue have in common.</summary>
public abstract class QueueTest : IDisposable
{
    private readonly Lazy<SqlitePool> _pool;

    protected QueueTest()
    {
        Options = Database.Options();
        _pool = new Lazy<SqlitePool>(() => new SqlitePool(Options, Log, Time));
        using SqliteConnection direct = Database.OpenDirectly();
        direct.Run(
            """
            pragma journal_mode=wal;
            create table t(id integer primary key, value);
            create table parent(id integer primary key);
            create table child(id integer primary key, parent references parent(id) deferrable initially deferred);
            """
        );
    }

    internal TempDatabase Database { get; } = new();

    internal TestLog Log { get; } = new();

    internal TimeProvider? Time { get; set; }

    protected SqlitePoolOptions Options { get; }

    /// <summary>Made when it is first asked for, with the options as they are then.</summary>
    protected SqlitePool Pool => _pool.Value;

    protected SqlitePoolWriteQueue Writes => Pool.Writes;

    protected SqlitePoolWriteQueueStatistics Statistics => Pool.GetStatistics().Writes;

    /// <summary>The ids in the table, as another process sees them.</summary>
    protected string Ids
    {
        get
        {
            using SqliteConnection direct = Database.OpenDirectly();
            return direct.Ask("select group_concat(id) from (select id from t order by id)") ?? "";
        }
    }

    /// <summary>Keeps the queue busy with an item, so that what is enqueued meanwhile becomes one batch.</summary>
    internal Blockade Block() => new(Writes);

    protected static void Insert(SqlitePoolConnection connection, int id) =>
        connection.Run($"insert into t(id) values ({id})");

    public virtual void Dispose()
    {
        if (_pool.IsValueCreated)
        {
            Pool.Dispose();
        }

        Log.Dispose();
        Database.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>An item that does not end before it is told to.</summary>
    internal sealed class Blockade : IDisposable
    {
        private readonly ManualResetEventSlim _open = new();
        private readonly ManualResetEventSlim _reached = new();

        public Blockade(SqlitePoolWriteQueue writes)
        {
            Task = writes.EnqueueAsync(_ =>
            {
                _reached.Set();
                _open.Pass();
            });
            _reached.Pass();
        }

        public Task Task { get; }

        public void End() => _open.Set();

        public void Dispose()
        {
            End();
            _ = Task.ContinueWith(_ => _open.Dispose(), TaskScheduler.Default);
        }
    }
}
