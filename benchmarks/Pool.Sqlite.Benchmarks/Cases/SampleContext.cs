using Microsoft.EntityFrameworkCore;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>The tables of the sample database in EF Core.</summary>
internal sealed class SampleContext(DbContextOptions<SampleContext> options) : DbContext(options)
{
    public DbSet<Pair> Pairs => Set<Pair>();

    public DbSet<Entry> Entries => Set<Entry>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Pair>().ToTable("kv");
        modelBuilder.Entity<Entry>().ToTable("log");
    }
}
