using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Diagnostics;
using Pool.Sqlite.Sessions;

namespace Pool.Sqlite.Execution;

/// <summary>What running a statement needs of the lease that it runs on.</summary>
internal interface IStatementLease
{
    /// <summary>The connection. Only between <see cref="Enter"/> and <see cref="Exit"/>.</summary>
    PhysicalConnection Physical { get; }

    SqlitePoolConnectionRole Role { get; }

    /// <summary>Names the lease in messages.</summary>
    long LeaseId { get; }

    /// <summary>True when the connection, and the transaction on it, belong to the write queue.</summary>
    bool IsForItem { get; }

    /// <summary>Begins a use; <see cref="Exit"/> ends it, and takes what this answered.</summary>
    /// <returns>False inside another use by the same thread.</returns>
    /// <exception cref="InvalidOperationException">It is closed, or used by another thread.</exception>
    bool Enter();

    void Exit(bool outermost);

    /// <summary>
    /// Whether a command may run: it must say which transaction it belongs to, and that must not be over.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is another than the lease is in, or has ended.</exception>
    void CheckTransaction(DbTransaction? claimed);

    /// <summary>Of a command that begins, where commands are logged or traced; null otherwise.</summary>
    CommandRecord? BeginCommand();

    /// <summary>A wait for the write gate, noted until it is disposed.</summary>
    IDisposable BeginGateWait();

    /// <summary>The write gate was not free in time.</summary>
    SqliteException GateTimeout(TimeSpan waited);
}
