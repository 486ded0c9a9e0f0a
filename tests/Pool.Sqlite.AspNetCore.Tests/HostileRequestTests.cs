using System.Net;
using System.Text.Json;
using Pool.Sqlite.AspNetCore.Tests.Support;
using Pool.Sqlite.Tests.Reliability;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.AspNetCore.Tests;

/// <summary>
/// Whatever comes in a request, and whatever text a lease runs. A failure names the input and the seed.
/// </summary>
public sealed class HostileRequestTests
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "TRACE"];

    [Fact]
    public async Task A_request_is_answered_by_a_report_or_refused()
    {
        await using TestApp app = new();
        HostileText.Check(
            300,
            (path, more) =>
            {
                using HttpRequestMessage request = new(
                    new HttpMethod(Methods[path.Length % Methods.Length]),
                    new Uri(
                        $"/pool/{Uri.EscapeDataString(Clean(path))}?{Uri.EscapeDataString(Clean(more))}",
                        UriKind.Relative
                    )
                );
                request.Headers.TryAddWithoutValidation("Accept", more);
                request.Headers.TryAddWithoutValidation("X-Any", path);
                using HttpResponseMessage response = app.Client.SendAsync(request).GetAwaiter().GetResult();
                string body = response.Content.ReadAsStringAsync().GetAwaiter().GetResult();
                return response.StatusCode switch
                {
                    HttpStatusCode.OK => body.Length > 0 || request.Method == HttpMethod.Head,
                    HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.BadRequest =>
                        body.Length == 0,
                    _ => false,
                };
            }
        );
    }

    [Fact]
    public async Task The_text_of_a_lease_is_a_value_of_the_JSON()
    {
        await using TestApp app = new("Capture Rent Site=True");
        using SqlitePoolConnection lease = app.Pool.Rent();
        HostileText.Check(
            200,
            (one, two) =>
            {
                string sql = $"select 1 /* {one.Replace("*/", "", StringComparison.Ordinal).Replace('\0', ' ')} */";
                lease.Ask(sql);
                string body = app
                    .Client.GetStringAsync(new Uri("/pool/stats", UriKind.Relative))
                    .GetAwaiter()
                    .GetResult();
                using JsonDocument report = JsonDocument.Parse(body);
                return report.RootElement.GetProperty("leases").GetArrayLength() == 1
                    && !body.Contains("</script", StringComparison.OrdinalIgnoreCase);
            }
        );
    }

    // Half of a surrogate pair cannot be escaped, and a zero is refused by the server before the endpoints.
    private static string Clean(string text) => string.Concat(text.Replace('\0', ' ').EnumerateRunes());
}
