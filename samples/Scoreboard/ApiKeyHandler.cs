using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Scoreboard;

/// <summary>The simplest authentication there is: a key in a header.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    IConfiguration configuration
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string? key = configuration["AdminKey"];
        if (string.IsNullOrEmpty(key) || Request.Headers["X-Admin-Key"] != key)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        ClaimsIdentity admin = new([new Claim(ClaimTypes.Role, "admin")], SchemeName);
        return Task.FromResult(
            AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(admin), SchemeName))
        );
    }
}
