using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.Execution;

/// <summary>Sets of parameters, by name, with SQL that shows what became of them.</summary>
internal static class SameAsDriverParameters
{
    private const string Show = "select $x, typeof($x), length($x), quote($x)";

    private enum Colour : short
    {
        Red = 3,
    }

    private static readonly Dictionary<string, (string Sql, Action<SqliteParameterCollection> Add)> Sets = new()
    {
        ["null"] = One(null),
        ["DBNull"] = One(DBNull.Value),
        ["int"] = One(42),
        ["smallest int"] = One(int.MinValue),
        ["uint"] = One(uint.MaxValue),
        ["long"] = One(long.MaxValue),
        ["ulong"] = One(ulong.MaxValue),
        ["short"] = One((short)-3),
        ["ushort"] = One(ushort.MaxValue),
        ["byte"] = One((byte)255),
        ["sbyte"] = One((sbyte)-1),
        ["true"] = One(true),
        ["false"] = One(false),
        ["float"] = One(1.1f),
        ["double"] = One(1.1),
        ["negative zero"] = One(-0.0),
        ["infinity"] = One(double.PositiveInfinity),
        ["NaN"] = One(double.NaN),
        ["NaN as float"] = One(float.NaN),
        ["decimal"] = One(12345678901234567890.123m),
        ["text"] = One("text"),
        ["empty text"] = One(""),
        ["long text"] = One(new string('x', 600)),
        ["text at the edge of the stack"] = One(new string('日', 170)),
        ["text past the edge of the stack"] = One(new string('日', 171)),
        ["very long text"] = One(new string('é', 100_000)),
        ["text with NUL"] = One("a\0b"),
        ["unicode"] = One("日本語 🎈 é"),
        ["half a character"] = One("a\ud83cb"),
        ["blob"] = One(new byte[] { 0, 1, 255 }),
        ["empty blob"] = One(Array.Empty<byte>()),
        ["long blob"] = One(new byte[10_000]),
        ["Guid"] = One(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e")),
        ["DateTime"] = One(new DateTime(2020, 2, 3, 4, 5, 6, 7, DateTimeKind.Utc)),
        ["DateTimeOffset"] = One(new DateTimeOffset(2020, 2, 3, 4, 5, 6, TimeSpan.FromHours(2))),
        ["TimeSpan"] = One(new TimeSpan(1, 2, 3, 4, 5)),
        ["DateOnly"] = One(new DateOnly(2020, 2, 3)),
        ["TimeOnly"] = One(new TimeOnly(4, 5, 6)),
        ["enum"] = One(Colour.Red),
        ["char"] = One('é'),
        ["an object of another kind"] = One(new Version(1, 2)),
        ["int as text"] = Typed(42, SqliteType.Text),
        ["text as integer"] = Typed("42", SqliteType.Integer),
        ["double as integer"] = Typed(1.5, SqliteType.Integer),
        ["bool as text"] = Typed(true, SqliteType.Text),
        ["blob as text"] = Typed(new byte[] { 65 }, SqliteType.Text),
        ["text as blob"] = Typed("A", SqliteType.Blob),
        ["Guid as blob"] = Typed(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"), SqliteType.Blob),
        ["DateTime as real"] = Typed(new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc), SqliteType.Real),
        ["TimeSpan as real"] = Typed(TimeSpan.FromHours(6), SqliteType.Real),
        ["char as integer"] = Typed('A', SqliteType.Integer),
        ["DBNull as text"] = Typed(DBNull.Value, SqliteType.Text),
        ["text cut"] = Sized("abcdef", 3),
        ["text not cut"] = Sized("abcdef", 6),
        ["text with room"] = Sized("abcdef", 60),
        ["text of no size"] = Sized("abcdef", 0),
        ["text of any size"] = Sized("abcdef", -1),
        ["blob cut"] = Sized(new byte[] { 1, 2, 3 }, 2),
        ["blob with room"] = Sized(new byte[] { 1, 2, 3 }, 20),
        ["int with a size"] = Sized(123, 1),
        ["no prefix"] = (Show, p => p.AddWithValue("x", 1)),
        ["wrong prefix"] = (Show, p => p.AddWithValue("@x", 1)),
        ["wrong case"] = (Show, p => p.AddWithValue("$X", 1)),
        ["@"] = ("select @x", p => p.AddWithValue("@x", 1)),
        [":"] = ("select :x", p => p.AddWithValue(":x", 1)),
        ["@ without prefix"] = ("select @x", p => p.AddWithValue("x", "s")),
        ["all three prefixes"] = (
            "select $x, @x, :x",
            p =>
            {
                p.AddWithValue("$x", 1);
                p.AddWithValue("@x", 2);
                p.AddWithValue(":x", 3);
            }
        ),
        ["ambiguous without prefix"] = ("select $x, @x", p => p.AddWithValue("x", 1)),
        ["ambiguous, and as many as there are"] = (
            "select $x, @x",
            p =>
            {
                p.AddWithValue("x", 1);
                p.AddWithValue("$y", 2);
            }
        ),
        ["ambiguous, with one of the two"] = (
            "select $x, @x",
            p =>
            {
                p.AddWithValue("x", 1);
                p.AddWithValue("$x", 2);
            }
        ),
        ["numbered"] = (
            "select ?1, ?2, ?1",
            p =>
            {
                p.AddWithValue("?1", 1);
                p.AddWithValue("?2", "b");
            }
        ),
        ["numbered with a gap"] = ("select ?3", p => p.AddWithValue("?3", 1)),
        ["numbered without prefix"] = ("select ?1", p => p.AddWithValue("1", 1)),
        ["nameless in SQL"] = ("select ?", p => p.AddWithValue("?", 1)),
        ["nameless in SQL, numbered"] = ("select ?", p => p.AddWithValue("?1", 1)),
        ["nameless parameter"] = ("select $x", p => p.Add(new SqliteParameter { Value = 1 })),
        ["other order"] = (
            "select $a, $b, $c",
            p =>
            {
                p.AddWithValue("$c", 3);
                p.AddWithValue("$a", 1);
                p.AddWithValue("$b", 2);
            }
        ),
        ["missing"] = ("select $a, $b", p => p.AddWithValue("$a", 1)),
        ["all missing"] = ("select $a, $b", _ => { }),
        ["extra"] = (
            "select $a",
            p =>
            {
                p.AddWithValue("$a", 1);
                p.AddWithValue("$b", 2);
            }
        ),
        ["extra only"] = ("select 1", p => p.AddWithValue("$b", 2)),
        ["extra and missing"] = (
            "select $a, $b",
            p =>
            {
                p.AddWithValue("$a", 1);
                p.AddWithValue("$c", 2);
            }
        ),
        ["duplicate"] = (
            "select $a",
            p =>
            {
                p.AddWithValue("$a", 1);
                p.AddWithValue("$a", 2);
            }
        ),
        ["duplicate and missing"] = (
            "select $a, $b",
            p =>
            {
                p.AddWithValue("$a", 1);
                p.AddWithValue("$a", 2);
            }
        ),
        ["duplicate, with and without prefix"] = (
            "select $a, $b",
            p =>
            {
                p.AddWithValue("$a", 1);
                p.AddWithValue("a", 2);
            }
        ),
        ["used twice"] = ("select $a, $a", p => p.AddWithValue("$a", "twice")),
        ["no value"] = ("select $a", p => p.Add("$a", SqliteType.Integer)),
        ["in each statement"] = ("select $a; select $a", p => p.AddWithValue("$a", 1)),
        ["one for each statement"] = (
            "select $a; select $b",
            p =>
            {
                p.AddWithValue("$a", 1);
                p.AddWithValue("$b", 2);
            }
        ),
        ["missing in the first"] = ("select $a; select $b", p => p.AddWithValue("$b", 1)),
        ["insert"] = ("insert into t(value) values ($a) on conflict do nothing", p => p.AddWithValue("$a", "inserted")),
        ["insert a date"] = (
            "insert into t(value) values ($a) on conflict do nothing",
            p => p.AddWithValue("$a", DateTime.UnixEpoch)
        ),
        ["insert twice the same"] = (
            "insert into t(id, value) values ($a, $b)",
            p =>
            {
                p.AddWithValue("$a", 1);
                p.AddWithValue("$b", 2);
            }
        ),
        ["insert a GUID that breaks a rule"] = (
            "insert into checked values ($a, null)",
            p => p.AddWithValue("$a", Guid.Empty)
        ),
        ["returning"] = (
            "insert into t(value) values ($a) on conflict do update set value = value || 'x' returning value",
            p => p.AddWithValue("$a", 1)
        ),
        ["returning a decimal"] = (
            "update t set value = $a where id = 2 returning value",
            p => p.AddWithValue("$a", 1.5m)
        ),
        ["blob that is too big"] = ("select zeroblob($a)", p => p.AddWithValue("$a", 4_000_000_000)),
    };

    public static TheoryData<string, string> List
    {
        get
        {
            TheoryData<string, string> list = [];
            foreach ((string name, (string sql, _)) in Sets)
            {
                list.Add(name, sql);
            }

            return list;
        }
    }

    public static Action<SqliteParameterCollection> Add(string name) => Sets[name].Add;

    private static (string, Action<SqliteParameterCollection>) One(object? value) =>
        (Show, p => p.AddWithValue("$x", value));

    private static (string, Action<SqliteParameterCollection>) Typed(object value, SqliteType type) =>
        (Show, p => p.Add(new SqliteParameter("$x", type) { Value = value }));

    private static (string, Action<SqliteParameterCollection>) Sized(object value, int size) =>
        (Show, p => p.Add(new SqliteParameter("$x", value) { Size = size }));
}
