using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

public enum Kind
{
    Plain,
    Fancy,
}

public sealed class Item
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public decimal Price { get; set; }

    public Guid Code { get; set; }

    public DateTime Made { get; set; }

    public DateOnly Day { get; set; }

    public TimeSpan Warranty { get; set; }

    public Kind Kind { get; set; }

    public List<string> Tags { get; set; } = [];

    public List<Part> Parts { get; } = [];
}

public sealed class Part
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public int ItemId { get; set; }
}

public abstract class Animal
{
    public Guid Id { get; set; }

    public string Name { get; set; } = "";
}

public sealed class Cat : Animal
{
    public int Lives { get; set; }
}

public sealed class Dog : Animal
{
    public string? Trick { get; set; }
}

public sealed class Setting
{
    public string Key { get; set; } = "";

    public JsonDocument? Ignored { get; set; }

    public string Value { get; set; } = "";

    public string Upper { get; set; } = "";
}

public sealed class Shop(DbContextOptions options) : DbContext(options)
{
    public DbSet<Item> Items => Set<Item>();

    public DbSet<Part> Parts => Set<Part>();

    public DbSet<Animal> Animals => Set<Animal>();

    public DbSet<Setting> Settings => Set<Setting>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Item>().Property(item => item.Kind).HasConversion<string>();
        modelBuilder.Entity<Cat>();
        modelBuilder.Entity<Dog>();
        modelBuilder.Entity<Setting>(setting =>
        {
            setting.HasKey(s => s.Key);
            setting.Ignore(s => s.Ignored);
            setting.Property(s => s.Value).HasDefaultValue("none");
            setting.Property(s => s.Upper).HasComputedColumnSql("upper(Key)", stored: true);
        });
    }
}
