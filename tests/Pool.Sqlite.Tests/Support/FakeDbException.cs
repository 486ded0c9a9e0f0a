using System.Data.Common;

namespace Pool.Sqlite.Tests.Support;

/// <summary>A failure that says of itself whether it passes.</summary>
internal sealed class FakeDbException(string? state, bool isTransient, Exception? inner = null)
    : DbException("Made to fail.", inner)
{
    public override string? SqlState => state;

    public override bool IsTransient => isTransient;
}
