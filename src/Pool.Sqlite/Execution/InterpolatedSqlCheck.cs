using System.Collections.Frozen;

namespace Pool.Sqlite.Execution;

/// <summary>
/// Refuses an interpolated statement in which a value stands where SQLite would not take a parameter's value.
/// </summary>
internal ref struct InterpolatedSqlCheck
{
    // After these comes a name. Others, such as LIMIT or ESCAPE, take any expression.
    private static readonly FrozenSet<string> BeforeNames = FrozenSet.ToFrozenSet(
        [
            "ANALYZE",
            "AS",
            "COLLATE",
            "COLUMN",
            "CONSTRAINT",
            "EXISTS",
            "FROM",
            "INDEX",
            "INDEXED",
            "INTO",
            "JOIN",
            "REFERENCES",
            "REINDEX",
            "RELEASE",
            "RENAME",
            "SAVEPOINT",
            "TABLE",
            "TO",
            "TRIGGER",
            "UPDATE",
            "VIEW",
            "WITH",
        ],
        StringComparer.OrdinalIgnoreCase
    );

    private static readonly FrozenSet<string> AfterSortTerm = FrozenSet.ToFrozenSet(
        ["ASC", "COLLATE", "DESC", "NULLS"],
        StringComparer.OrdinalIgnoreCase
    );

    private static readonly FrozenSet<string> AfterSortTerms = FrozenSet.ToFrozenSet(
        ["HAVING", "LIMIT", "ORDER", "WINDOW", "UNION", "EXCEPT", "INTERSECT", "ROWS", "RANGE", "GROUPS"],
        StringComparer.OrdinalIgnoreCase
    );

    private const int NoSort = -1;

    private const string NotAName =
        "Only a value can be a parameter: write a name into the text itself, chosen from those that you know.";

    private readonly string _format;
    private readonly string _sql;
    private readonly List<InterpolatedHole> _holes;
    private int _hole;

    // The tokens before the one that is looked at, comments left out.
    private Range _first;
    private Range _beforePrevious;
    private Range _previous;

    // In how many parentheses it is, and in how many the terms of ORDER BY and the like are that it may belong to.
    private int _depth;
    private int _sortDepth = NoSort;

    private InterpolatedSqlCheck(string format, string sql, List<InterpolatedHole> holes) =>
        (_format, _sql, _holes) = (format, sql, holes);

    /// <exception cref="ArgumentException">
    /// A value cannot become a parameter; the message says what to write.
    /// </exception>
    public static void Check(string format, string sql, List<InterpolatedHole> holes) =>
        new InterpolatedSqlCheck(format, sql, holes).Run();

    private void Run()
    {
        SqlLexer lexer = new(_sql);
        while (lexer.MoveNext())
        {
            bool hasHole = _hole < _holes.Count && _holes[_hole].Start < lexer.End;
            if (hasHole)
            {
                InterpolatedHole hole = _holes[_hole++];
                CheckToken(hole, lexer.Kind, lexer.Start, lexer.End);
                CheckNeighbours(hole, lexer);
            }
            else if (lexer.Kind == SqlTokenKind.Variable)
            {
                throw new ArgumentException(
                    $"\"{_format}\" has the parameter '{lexer.Token}' beside interpolated values, and nothing gives it a value. "
                        + "Write the value in its place: {value}."
                );
            }

            if (lexer.Kind != SqlTokenKind.Comment)
            {
                Advance(lexer.Start..lexer.End);
            }
        }
    }

    private void Advance(Range token)
    {
        ReadOnlySpan<char> word = Word(token);
        bool endsStatement = word is ";";
        _depth +=
            word is "(" ? 1
            : word is ")" ? -1
            : 0;
        if (Is(word, "BY"))
        {
            _sortDepth = _depth;
        }
        else if (endsStatement || _depth < _sortDepth || Has(AfterSortTerms, word))
        {
            _sortDepth = NoSort;
        }

        _first =
            endsStatement ? default
            : Word(_first).IsEmpty ? token
            : _first;
        (_beforePrevious, _previous) = endsStatement ? (default, default) : (_previous, token);
    }

    private readonly void CheckToken(InterpolatedHole hole, SqlTokenKind kind, int start, int end)
    {
        switch (kind)
        {
            case SqlTokenKind.Text:
                throw Refused(hole, "is inside a text in quotes", Unquoted(hole, start, end));
            case SqlTokenKind.Blob:
                throw Refused(
                    hole,
                    "is inside a blob literal",
                    $"Write {hole.Source} alone, with a byte[] as its value."
                );
            case SqlTokenKind.QuotedName:
                throw Refused(hole, "is inside a quoted name", NotAName);
            case SqlTokenKind.Comment:
                throw Refused(hole, "is inside a comment", "Take it out, or end the comment before it.");
            case SqlTokenKind.Variable when start == hole.Start && end == hole.End:
                break;
            default:
                throw Refused(hole, "touches a name or a number", $"Put a space between them. {NotAName}");
        }
    }

    private readonly void CheckNeighbours(InterpolatedHole hole, SqlLexer after)
    {
        if ((hole.Start > 0 && _sql[hole.Start - 1] == '.') || (hole.End < _sql.Length && _sql[hole.End] == '.'))
        {
            throw Refused(hole, "stands for a part of a qualified name", NotAName);
        }

        ReadOnlySpan<char> previous = Word(_previous);
        if (Is(Word(_first), "PRAGMA"))
        {
            throw Refused(hole, "is in a PRAGMA, which takes no parameters", "Write its value into the text.");
        }

        if (Has(BeforeNames, previous) && !TakesExpression(previous))
        {
            throw Refused(
                hole,
                $"stands after {previous.ToString().ToUpperInvariant()}, where a name must stand",
                NotAName
            );
        }

        if ((Is(previous, "BY") || (previous is "," && _depth == _sortDepth)) && EndsTerm(after))
        {
            throw Refused(
                hole,
                "is a term of ORDER BY or GROUP BY by itself, where it is the same for every row",
                NotAName
            );
        }
    }

    // "is distinct from {x}", "vacuum into {file}", "attach {file} as {name}" take any expression.
    private readonly bool TakesExpression(ReadOnlySpan<char> word) =>
        (Is(word, "FROM") && Is(Word(_beforePrevious), "DISTINCT"))
        || (Is(word, "INTO") && Is(Word(_first), "VACUUM"))
        || (Is(word, "AS") && Is(Word(_first), "ATTACH"));

    private static bool EndsTerm(SqlLexer lexer)
    {
        do
        {
            if (!lexer.MoveNext())
            {
                return true;
            }
        } while (lexer.Kind == SqlTokenKind.Comment);

        return lexer.Token is "," or ";" or ")" || Has(AfterSortTerm, lexer.Token) || Has(AfterSortTerms, lexer.Token);
    }

    private readonly string Unquoted(InterpolatedHole hole, int start, int end)
    {
        string before = _sql[start..hole.Start];
        string after = _sql[hole.End..end];
        return before == "'" && after == "'"
            ? $"Write it without the quotes: {hole.Source}."
            : $"Write it outside of them, joined by ||: '...' || {hole.Source} || '...'.";
    }

    private readonly ArgumentException Refused(InterpolatedHole hole, string what, string instead) =>
        new($"The value {hole.Source} {what} in \"{_format}\", so it cannot become a parameter. {instead}");

    private readonly ReadOnlySpan<char> Word(Range token) => _sql.AsSpan(token);

    private static bool Has(FrozenSet<string> words, ReadOnlySpan<char> word) =>
        words.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word);

    private static bool Is(ReadOnlySpan<char> word, string keyword) =>
        word.Equals(keyword, StringComparison.OrdinalIgnoreCase);
}
