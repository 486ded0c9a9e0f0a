namespace Pool.Sqlite.Tests.Architecture;

/// <summary>
/// The rooms of the library lie above each other, and a room uses only what lies below it: read from the built
/// assembly.
/// </summary>
public sealed class RoomsTests
{
    // From top to bottom: docs/design.md. "Records" are the public types that use no room: every room may use them.
    private static readonly string[] Rooms =
    [
        "DependencyInjection",
        "Face",
        "WriteQueue",
        "AdoNet",
        "Execution",
        "Maintenance",
        "Leasing",
        "Diagnostics",
        "Configuration",
        "Sessions",
        "Writing",
        "Pooling",
        "Diagnostics.Records",
        "Records",
    ];

    // What still points up. The list can only shrink: an arrow that is gone must leave it.
    private static readonly string[] Exceptions =
    [
        // ADO.NET has connections that are made without a pool: their connection string finds it.
        "AdoNet/SqlitePoolConnection -> Face/SqlitePool",
        "AdoNet/SqlitePoolConnection -> Face/SqlitePoolFactory",
    ];

    [Fact]
    public void A_room_uses_only_the_rooms_below_it()
    {
        string[] up = ReadArrowsUp();
        string[] added = [.. up.Except(Exceptions)];
        Assert.True(
            added.Length == 0,
            "A room must not use a room above it (docs/design.md); let it own a small interface that the upper one implements:"
                + $"{Environment.NewLine}{string.Join(Environment.NewLine, added)}"
        );
    }

    [Fact]
    public void An_exception_is_struck_off_the_list_once_its_arrow_is_gone()
    {
        string[] gone = [.. Exceptions.Except(ReadArrowsUp())];
        Assert.True(gone.Length == 0, $"Strike off: {string.Join(", ", gone)}");
    }

    [Fact]
    public void Every_type_belongs_to_a_room()
    {
        using TypeReferences references = new(typeof(SqlitePool).Assembly.Location);
        Dictionary<string, string> rooms = references.RoomsOfTypes();
        Assert.DoesNotContain(rooms, pair => !Rooms.Contains(pair.Value));
        Assert.Equal("AdoNet", rooms["Pool.Sqlite.SqlitePoolCommand"]);
        Assert.Equal("Face", rooms["Pool.Sqlite.SqlitePool"]);
        Assert.Equal("Records", rooms["Pool.Sqlite.SqlitePoolOptions"]);
        Assert.Equal("Sessions", rooms["Pool.Sqlite.Sessions.Statement"]);
    }

    private static string[] ReadArrowsUp()
    {
        using TypeReferences references = new(typeof(SqlitePool).Assembly.Location);
        Dictionary<string, string> rooms = references.RoomsOfTypes();
        return
        [
            .. references
                .Read()
                .Where(pair => rooms.ContainsKey(pair.From) && rooms.ContainsKey(pair.To))
                .Where(pair => Array.IndexOf(Rooms, rooms[pair.From]) > Array.IndexOf(Rooms, rooms[pair.To]))
                .Select(pair => $"{rooms[pair.From]}/{NameOf(pair.From)} -> {rooms[pair.To]}/{NameOf(pair.To)}")
                .Order(StringComparer.Ordinal),
        ];
    }

    private static string NameOf(string type) => type[(type.LastIndexOf('.') + 1)..].Split('`')[0];
}
