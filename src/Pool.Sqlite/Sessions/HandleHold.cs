using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Keeps a native connection alive while code of the caller's can close it in the middle of a statement: SQLite would
/// go on with callbacks that are gone. Closing it then takes effect when this is disposed, or finalized.
/// </summary>
internal sealed class HandleHold : IDisposable
{
    private readonly sqlite3 _handle;
    private bool _isHeld;

    public HandleHold(sqlite3 handle)
    {
        _handle = handle;
        handle.DangerousAddRef(ref _isHeld);
    }

    ~HandleHold() => Release();

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_isHeld)
        {
            _isHeld = false;
            _handle.DangerousRelease();
        }
    }
}
