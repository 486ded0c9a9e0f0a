using FsCheck;
using FsCheck.Fluent;

namespace Pool.Sqlite.Tests.Reliability;

/// <summary>Texts that an attacker would try, and others; a property that fails says from which seed.</summary>
internal static class HostileText
{
    public const string Secret = "hunter2";

    private static readonly string[] Pieces =
    [
        "'",
        "\"",
        "`",
        "[",
        "]",
        ";",
        "--",
        "/*",
        "*/",
        "\0",
        "\n",
        "\r",
        "\t",
        " ",
        "=",
        ",",
        "(",
        ")",
        "%",
        "?",
        "&",
        "#",
        "\\",
        "..",
        "/",
        "{0}",
        "{",
        "}",
        "$",
        "@",
        ":",
        "1",
        "0",
        "-1",
        "9223372036854775808",
        "1e999",
        "é",
        "\u202e",
        "\ud800",
        "😀",
        "x",
        "on",
        "off",
        "user_version",
        "foreign_keys",
        "writable_schema",
        "encoding",
        "drop table t",
        "delete from t",
        "attach 'x' as y",
        "begin",
        "commit",
        "rollback",
        "pragma ",
        "select ",
        "file:",
        "?mode=memory",
        "&cache=shared",
        "|DataDirectory|",
        "Data Source",
        "Mode",
        "ReadOnly",
        "Cache",
        "Pooling",
        "Pool Size",
        "Rent Timeout",
        "True",
        "00:00:01",
        "null",
        "NaN",
        "t",
        "union all",
    ];

    /// <summary>A few of the pieces, or any text at all.</summary>
    public static Arbitrary<string> Any { get; } =
        Gen.OneOf(
                Gen.Elements(Pieces).ListOf().Select(static pieces => string.Concat(pieces.Take(8))),
                ArbMap.Default.GeneratorFor<string>().Select(static text => text ?? "")
            )
            .ToArbitrary();

    public static void Check(int times, Func<string, string, bool> holds) =>
        Prop.ForAll(Any, Any, holds).Check(Config.QuickThrowOnFailure.WithMaxTest(times));
}
