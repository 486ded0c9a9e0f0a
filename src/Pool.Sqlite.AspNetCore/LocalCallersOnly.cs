using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Pool.Sqlite.AspNetCore;

/// <summary>
/// Answers only callers on this machine, as long as nothing says who else may see an endpoint: one that was mapped in
/// development must not be open in production unnoticed.
/// </summary>
internal sealed partial class LocalCallersOnly(string pool, ILogger logger)
{
    private int _isSaid;

    public RequestDelegate Around(RequestDelegate endpoint) =>
        context =>
        {
            if (SaysWhoMaySee(context.GetEndpoint()))
            {
                return endpoint(context);
            }

            if (Interlocked.Exchange(ref _isSaid, 1) == 0)
            {
                LogUnprotected(logger, pool);
            }

            return IsLocal(context) ? endpoint(context) : Refuse(context);
        };

    private static bool SaysWhoMaySee(Endpoint? endpoint) =>
        endpoint is not null
        && (
            endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null
            || endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null
            || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
        );

    // What a proxy on this machine passes on comes from this machine as well, but says that it was passed on. A
    // connection without an address is one inside the process, or through a Unix socket.
    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is var address
        && (address is null || IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
        && !context.Request.Headers.ContainsKey("X-Forwarded-For")
        && !context.Request.Headers.ContainsKey("Forwarded");

    private static Task Refuse(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "The endpoints of pool {Pool} require no authorization, so they answer only callers on this machine (403 for others). "
            + "Call RequireAuthorization() on what MapSqlitePool returns, or AllowAnonymous() to open them to everybody."
    )]
    private static partial void LogUnprotected(ILogger logger, string pool);
}
