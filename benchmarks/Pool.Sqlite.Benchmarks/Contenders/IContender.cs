using System.Data.Common;

namespace Pool.Sqlite.Benchmarks.Contenders;

/// <summary>One way to come by an open connection. All contenders run the same work on what they open.</summary>
internal interface IContender : IDisposable
{
    /// <summary>A connection ready for use; disposing it gives it back.</summary>
    DbConnection Open();

    /// <summary>The same, as an asynchronous caller asks for it.</summary>
    ValueTask<DbConnection> OpenAsync();

    /// <summary>Opens and gives back, <paramref name="count"/> times.</summary>
    /// <remarks>Each contender has the loop in its own code: a call through this interface for every operation would
    /// be a visible part of what takes 50 ns.</remarks>
    void OpenAndClose(int count);
}
