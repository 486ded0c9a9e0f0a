using System.Runtime.InteropServices;

namespace Pool.Sqlite.Chaos;

/// <summary>
/// The library <c>faultydisk.c</c>, when it is preloaded into this process: makes calls on a database's files fail.
/// </summary>
public sealed class FaultyDisk
{
    /// <summary>Its code, beside the program.</summary>
    public const string Source = "faultydisk.c";

    private const string LibraryVariable = "FAULTYDISK_LIBRARY";
    private const string PrefixVariable = "FAULTYDISK_PREFIX";
    private readonly Set _set;
    private readonly Injected _injected;
    private readonly SharedMemory _sharedMemory;

    private FaultyDisk(nint library)
    {
        _set = Marshal.GetDelegateForFunctionPointer<Set>(NativeLibrary.GetExport(library, "faultydisk_set"));
        _sharedMemory = Marshal.GetDelegateForFunctionPointer<SharedMemory>(
            NativeLibrary.GetExport(library, "faultydisk_shm")
        );
        _injected = Marshal.GetDelegateForFunctionPointer<Injected>(
            NativeLibrary.GetExport(library, "faultydisk_injected")
        );
    }

    private delegate void SharedMemory(int failures);

    private delegate void Set(ulong seed, int writes, int syncs, int opens, int truncates);

    private delegate long Injected(int kind);

    /// <summary>How many writes, syncs, opens and truncates have failed.</summary>
    public (long Writes, long Syncs, long Opens, long Truncates) Counts =>
        (_injected(0), _injected(1), _injected(2), _injected(3));

    /// <summary>The beginning of the paths that it is for.</summary>
    public string Prefix { get; } = Environment.GetEnvironmentVariable(PrefixVariable)!;

    /// <summary>Null in a process that was not started with it.</summary>
    public static FaultyDisk? Find() =>
        Environment.GetEnvironmentVariable(LibraryVariable) is { Length: > 0 } path
            ? new FaultyDisk(NativeLibrary.Load(path))
            : null;

    /// <summary>
    /// What a process has to be started with, for files whose path begins with <paramref name="prefix"/>.
    /// </summary>
    public static (string Name, string Value)[] Environs(string library, string prefix) =>
        [("LD_PRELOAD", library), (LibraryVariable, library), (PrefixVariable, prefix)];

    /// <summary>How many of 10,000 calls are to fail from now on.</summary>
    public void Fail(int seed, int writes, int syncs, int opens, int truncates) =>
        _set((ulong)seed, writes, syncs, opens, truncates);

    /// <summary>From now on no <c>-shm</c> can be opened for writing.</summary>
    /// <param name="failures">How many times it cannot be opened for reading either.</param>
    public void FailSharedMemory(int failures) => _sharedMemory(failures);

    /// <summary>The disk is as good as new.</summary>
    public void Heal()
    {
        Fail(0, 0, 0, 0, 0);
        _sharedMemory(-1);
    }
}
