using System.Runtime.CompilerServices;

namespace Pool.Sqlite;

/// <summary>
/// One use of a connection by one thread, from <see cref="SqlitePoolConnection.BeginUse"/> to its disposal.
/// </summary>
internal readonly ref struct ConnectionUse(SqlitePoolConnection connection, bool isOutermost)
{
    /// <summary>
    /// False when a function called by SQLite uses the connection in the middle of a statement of the same thread.
    /// </summary>
    public bool IsOutermost => isOutermost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Dispose() => connection.Exit(isOutermost);
}
