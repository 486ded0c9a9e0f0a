using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pool.Sqlite.AspNetCore.Tests.Support;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests;

/// <summary>Without a word on who may see them, the endpoints answer callers on this machine.</summary>
public sealed class LocalCallersTests
{
    [Theory]
    [InlineData("127.0.0.1", "", HttpStatusCode.OK)]
    [InlineData("127.8.9.10", "", HttpStatusCode.OK)]
    [InlineData("::1", "", HttpStatusCode.OK)]
    [InlineData("::ffff:127.0.0.1", "", HttpStatusCode.OK)]
    [InlineData("10.0.0.7", "", HttpStatusCode.Forbidden)]
    [InlineData("::ffff:10.0.0.7", "", HttpStatusCode.Forbidden)]
    [InlineData("2001:db8::7", "", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", "X-Forwarded-For", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1", "Forwarded", HttpStatusCode.Forbidden)]
    public async Task Only_callers_on_this_machine_are_answered(string address, string header, HttpStatusCode expected)
    {
        using TestLog log = new();
        await using TestApp app = new(
            services: (services, _) => services.AddSingleton<ILoggerFactory>(log),
            map: app =>
            {
                From(app, address);
                app.MapSqlitePool();
            }
        );
        if (header.Length > 0)
        {
            app.Client.DefaultRequestHeaders.Add(header, "for=127.0.0.1");
        }

        foreach (string path in new[] { "/pool", "/pool/stats", "/pool/health" })
        {
            using HttpResponseMessage response = await app.Client.GetAsync(new Uri(path, UriKind.Relative)).Limited();
            Assert.Equal(expected, response.StatusCode);
            Assert.Equal(expected == HttpStatusCode.OK, (await response.Content.ReadAsByteArrayAsync()).Length > 0);
        }

        LogEntry said = Assert.Single(log.Warnings, entry => entry.Category == "Pool.Sqlite.AspNetCore");
        Assert.Contains("RequireAuthorization()", said.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Those_that_are_opened_to_everybody_on_purpose_answer_everybody()
    {
        using TestLog log = new();
        await using TestApp app = new(
            services: (services, _) => services.AddSingleton<ILoggerFactory>(log),
            map: app =>
            {
                From(app, "10.0.0.7");
                app.MapSqlitePool().AllowAnonymous();
            }
        );
        using HttpResponseMessage response = await app
            .Client.GetAsync(new Uri("/pool/stats", UriKind.Relative))
            .Limited();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain(log.Entries, entry => entry.Category == "Pool.Sqlite.AspNetCore");
    }

    private static void From(WebApplication app, string address) =>
        app.Use(
            (HttpContext context, RequestDelegate next) =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(address);
                return next(context);
            }
        );
}
