using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Pool.Sqlite.AspNetCore;

/// <summary>Answers for one pool.</summary>
internal sealed class PoolEndpoints(SqlitePool pool, TimeProvider time)
{
    public static Task Page(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = LivePage.SecurityPolicy;
        context.Response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        return Send(context, StatusCodes.Status200OK, "text/html; charset=utf-8", LivePage.Bytes);
    }

    public Task Stats(HttpContext context) =>
        Send(
            context,
            StatusCodes.Status200OK,
            "application/json; charset=utf-8",
            JsonSerializer.SerializeToUtf8Bytes(PoolReport.Of(pool, time), PoolJson.Default.PoolReport)
        );

    public Task Health(HttpContext context)
    {
        PoolHealthReport report = PoolHealthReport.Of(pool);
        return Send(
            context,
            report.Status == SqlitePoolStatus.Critical
                ? StatusCodes.Status503ServiceUnavailable
                : StatusCodes.Status200OK,
            "application/json; charset=utf-8",
            JsonSerializer.SerializeToUtf8Bytes(report, PoolJson.Default.PoolHealthReport)
        );
    }

    private static Task Send(HttpContext context, int status, string contentType, byte[] body)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.XFrameOptions = "DENY";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
