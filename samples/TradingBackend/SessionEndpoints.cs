namespace TradingBackend;

internal static class SessionEndpoints
{
    /// <summary>A group of endpoints, each of which runs in the unit of work of its request.</summary>
    public static RouteGroupBuilder MapUnitOfWork(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder group = app.MapGroup("");
        group.AddEndpointFilter(
            async (context, next) =>
            {
                HttpContext http = context.HttpContext;
                Session session = http.RequestServices.GetRequiredService<Session>();
                try
                {
                    return await session.RunAsync(async () => await next(context), http.RequestAborted);
                }
                catch (RefusedException refused)
                {
                    return Results.Conflict(new { refused = refused.Message }); // Everything was rolled back.
                }
            }
        );
        return group;
    }
}
