using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.EntityFrameworkCore.Tests;

public sealed class MigrationTests : IDisposable
{
    private readonly TempDatabase _database = new();

    [Fact]
    public async Task Eight_contexts_migrate_at_once()
    {
        await using SqlitePool pool = new(_database.Options());
        await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(_ =>
                        Task.Run(async () =>
                        {
                            await using Notes notes = Make(pool);
                            await notes.Database.MigrateAsync();
                        })
                    )
            )
            .Limited();

        await using Notes check = Make(pool);
        Assert.Equal(2, (await check.Database.GetAppliedMigrationsAsync()).Count());
        Assert.Equal(0, await check.Set<Note>().CountAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Contexts_that_migrate_at_once_wait_for_their_turn_and_do_not_poll_for_it(bool async)
    {
        await using SqlitePool pool = new(_database.Options());
        ConcurrentQueue<string> tries = new();
        await Task.WhenAll(
                Enumerable
                    .Range(0, 8)
                    .Select(_ =>
                        Limit.OnThread(() =>
                        {
                            using Notes notes = new(
                                new DbContextOptionsBuilder()
                                    .UseSqlitePool(pool)
                                    .LogTo(
                                        message => tries.Enqueue(message),
                                        [RelationalEventId.CommandExecuted],
                                        options: DbContextLoggerOptions.None
                                    )
                                    .Options
                            );
                            if (async)
                            {
                                notes.Database.MigrateAsync().GetAwaiter().GetResult();
                            }
                            else
                            {
                                notes.Database.Migrate();
                            }
                        })
                    )
            )
            .Limited();
        Assert.Equal(
            8,
            tries.Count(static sql => sql.Contains("INTO \"__EFMigrationsLock\"", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_migration_that_fails_or_is_cancelled_lets_the_next_have_its_turn()
    {
        await using SqlitePool pool = new(_database.Options());
        using (SqlitePoolConnection connection = pool.Rent())
        {
            connection.Run("create table Note(x)");
        }

        for (int i = 0; i < 2; i++)
        {
            await using Notes failing = Make(pool);
            await Assert.ThrowsAsync<SqliteException>(() => failing.Database.MigrateAsync());
            Assert.Throws<SqliteException>(() => failing.Database.Migrate());
            await Assert.ThrowsAsync<OperationCanceledException>(() =>
                failing.Database.MigrateAsync(new CancellationToken(canceled: true))
            );
        }

        using (SqlitePoolConnection connection = pool.Rent())
        {
            connection.Run("drop table Note");
        }

        await using Notes notes = Make(pool);
        await notes.Database.MigrateAsync().Limited();
        Assert.Equal(0, await notes.Set<Note>().CountAsync());
    }

    [Fact]
    public async Task Migrating_deleting_and_creating_follow_each_other_in_any_order()
    {
        await using SqlitePool pool = new(_database.Options());
        for (int i = 0; i < 3; i++)
        {
            await using Notes notes = Make(pool);
            await notes.Database.MigrateAsync();
            await notes.Database.MigrateAsync();
            notes.Add(new Note { Text = "a", Author = "b" });
            await notes.SaveChangesAsync();
            Assert.True(notes.Database.EnsureDeleted());
            Assert.True(await notes.Database.EnsureCreatedAsync());
            Assert.Equal(0, await notes.Set<Note>().CountAsync());
            Assert.True(await notes.Database.EnsureDeletedAsync());
            Assert.False(await notes.Database.EnsureDeletedAsync());
        }
    }

    public void Dispose() => _database.Dispose();

    private static Notes Make(SqlitePool pool) => new(new DbContextOptionsBuilder().UseSqlitePool(pool).Options);

    public sealed class Note
    {
        public int Id { get; set; }

        public string Text { get; set; } = "";

        public string? Author { get; set; }
    }

    public sealed class Notes(DbContextOptions options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) =>
            modelBuilder.Entity<Note>().ToTable("Note");

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) =>
            optionsBuilder.ConfigureWarnings(warnings =>
                warnings.Ignore(Microsoft.EntityFrameworkCore.Diagnostics.RelationalEventId.PendingModelChangesWarning)
            );
    }

    [DbContext(typeof(Notes))]
    [Migration("20260101000000_First")]
    public sealed class First : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) =>
            migrationBuilder.CreateTable(
                "Note",
                table => new
                {
                    Id = table.Column<int>().Annotation("Sqlite:Autoincrement", true),
                    Text = table.Column<string>(),
                },
                constraints: table => table.PrimaryKey("PK_Note", note => note.Id)
            );
    }

    [DbContext(typeof(Notes))]
    [Migration("20260202000000_Second")]
    public sealed class Second : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) =>
            migrationBuilder.AddColumn<string>("Author", "Note", nullable: true);
    }
}
