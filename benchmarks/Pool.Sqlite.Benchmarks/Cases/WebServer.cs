using System.Data.Common;
using System.Net;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Pool.Sqlite.Benchmarks.Contenders;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>The second process of the web case: Kestrel on a port of loopback. It is one of its own, so that the threads
/// of those who ask are not those that a contender blocks.</summary>
internal static class WebServer
{
    public const string Command = "web-server";

    private const string UpdateSql = "update kv set v = $v where id = $id";

    /// <summary>Says where it listens, and ends with its input.</summary>
    public static async Task<int> Run(string connectionString, Role role)
    {
        using IContender contender =
            role == Role.Pool
                ? new ThisPool(connectionString, synchronous: SynchronousMode.Full)
                : new DriverPool(connectionString, WebCases.Connections, SynchronousMode.Full);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        await using (app.ConfigureAwait(false))
        {
            app.MapGet("/{id:long}", (long id) => ReadAndUpdate(contender, id));
            await app.StartAsync().ConfigureAwait(false);
            Console.WriteLine(app.Urls.Single());
            await Console.In.ReadToEndAsync().ConfigureAwait(false);
        }

        return 0;
    }

    private static async Task<string> ReadAndUpdate(IContender contender, long id)
    {
        using DbConnection connection = await contender.OpenAsync().ConfigureAwait(false);
        string? read = await connection
            .ExecuteScalarAsync<string>(Statements.PointSql, new { id })
            .ConfigureAwait(false);
        await connection.ExecuteAsync(UpdateSql, new { id, v = Statements.Text }).ConfigureAwait(false);
        return read!;
    }
}
