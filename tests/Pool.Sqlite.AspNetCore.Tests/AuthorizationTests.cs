using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Pool.Sqlite.AspNetCore.Tests.Support;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests;

/// <summary>The conventions of the mapped endpoints hold for all of them.</summary>
public sealed class AuthorizationTests
{
    [Theory]
    [InlineData("/pool")]
    [InlineData("/pool/")]
    [InlineData("/pool/stats")]
    [InlineData("/pool/health")]
    public async Task Nothing_is_shown_to_a_stranger(string path)
    {
        await using TestApp app = new(
            services: (services, _) =>
            {
                services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, NameIsEnough>("test", null);
                services.AddAuthorization();
            },
            map: app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapSqlitePool("/pool").RequireAuthorization();
            }
        );
        using HttpResponseMessage stranger = await app.Client.GetAsync(new Uri(path, UriKind.Relative)).Limited();
        app.Client.DefaultRequestHeaders.Add("X-Name", "ada");
        using HttpResponseMessage friend = await app.Client.GetAsync(new Uri(path, UriKind.Relative)).Limited();

        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        Assert.Empty(await stranger.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.OK, friend.StatusCode);
    }

    private sealed class NameIsEnough(
        IOptionsMonitor<AuthenticationSchemeOptions> options,
        ILoggerFactory logger,
        UrlEncoder encoder
    ) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            string? name = Request.Headers["X-Name"];
            ClaimsPrincipal user = new(new ClaimsIdentity([new Claim(ClaimTypes.Name, name ?? "")], "test"));
            return Task.FromResult(
                name is null
                    ? AuthenticateResult.NoResult()
                    : AuthenticateResult.Success(new AuthenticationTicket(user, "test"))
            );
        }
    }
}
