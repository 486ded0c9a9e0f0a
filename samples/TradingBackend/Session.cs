using System.Data.Common;
using Pool.Sqlite;

namespace TradingBackend;

/// <summary>
/// The unit of work of one request, shared by all modules that take part: committed when it ends well, rolled back when
/// it throws, and run again when another transaction was in its way.
/// </summary>
internal sealed class Session(DbDataSource database)
{
    private DbConnection? _connection;

    /// <summary>The connection of the unit of work, in its transaction.</summary>
    public DbConnection Connection =>
        _connection
        ?? throw new InvalidOperationException("There is no unit of work: map the endpoint with MapUnitOfWork.");

    public Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellation) =>
        database.WriteAsync(
            async connection =>
            {
                _connection = connection;
                try
                {
                    return await work();
                }
                finally
                {
                    _connection = null;
                }
            },
            cancellation
        );
}
