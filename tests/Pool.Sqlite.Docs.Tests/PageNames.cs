using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.Docs.Tests;

/// <summary>What the examples of the pages use without declaring it. A declaration of their own comes first.</summary>
public static class PageNames
{
    public static readonly SqlitePool pool = null!;
    public static readonly SqlitePoolOptions options = null!;
    public static readonly DbDataSource source = null!;
    public static readonly ILoggerFactory loggerFactory = null!;
    public static readonly IServiceCollection services = null!;
    public static readonly WebApplicationBuilder builder = null!;
    public static readonly WebApplication app = null!;
    public static readonly CancellationToken cancellationToken = CancellationToken.None;
    public static readonly IProgress<BackupProgress> progress = null!;
    public static readonly long at = 1;
    public static readonly long id = 1;
    public static readonly double value = 1;
    public static readonly string user = "";
    public static readonly string line = "";
    public static readonly string name = "";

    public static void Register(SqliteConnection connection) => ArgumentNullException.ThrowIfNull(connection);
}
