using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Pool.Sqlite.Docs.Tests;

/// <summary>The same for the pages on EF Core.</summary>
public static class EntityFrameworkNames
{
    public static readonly SqlitePool pool = null!;
    public static readonly DbContextOptionsBuilder options = null!;
    public static readonly IServiceCollection services = null!;
    public static readonly WebApplicationBuilder builder = null!;
    public static readonly ShopContext context = null!;
    public static readonly Order[] orders = [];
    public static readonly Order[] items = [];
}
