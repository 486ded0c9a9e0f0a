using Microsoft.EntityFrameworkCore;

namespace Pool.Sqlite.Benchmarks.Cases;

/// <summary>The tables of the sample database in EF Core.</summary>
internal sealed class SampleContext(Action<DbContextOptionsBuilder> configure) : DbContext
{
    public DbSet<Pair> Pairs => Set<Pair>();

    public DbSet<Entry> Entries => Set<Entry>();

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => configure(optionsBuilder);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Pair>().ToTable("kv");
        modelBuilder.Entity<Entry>().ToTable("log");
    }
}
