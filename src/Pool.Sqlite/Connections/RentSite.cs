using System.Diagnostics;

namespace Pool.Sqlite.Connections;

/// <summary>Where and when a lease was made.</summary>
internal sealed record RentSite(StackTrace Stack, long At);
