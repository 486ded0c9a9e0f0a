namespace Pool.Sqlite.Execution;

/// <summary>
/// Splits SQL into tokens by SQLite's lexical rules. White space separates tokens and is none itself.
/// </summary>
/// <remarks>See <see href="https://www.sqlite.org/lang_keywords.html"/> and the pages that it refers to.</remarks>
internal ref struct SqlLexer(ReadOnlySpan<char> sql)
{
    private readonly ReadOnlySpan<char> _sql = sql;
    private int _next;

    public SqlTokenKind Kind { get; private set; }

    public int Start { get; private set; }

    public readonly int End => _next;

    public readonly ReadOnlySpan<char> Token => _sql[Start.._next];

    /// <summary>Goes to the next token, comments included.</summary>
    public bool MoveNext()
    {
        while (_next < _sql.Length && IsSpace(_sql[_next]))
        {
            _next++;
        }

        Start = _next;
        Kind = _next == _sql.Length ? SqlTokenKind.End : ReadToken();
        return Kind != SqlTokenKind.End;
    }

    private SqlTokenKind ReadToken()
    {
        char first = _sql[_next++];
        char second = Peek();
        switch (first)
        {
            case '\'':
                return Through('\'', SqlTokenKind.Text, canBeDoubled: true);
            case '"' or '`':
                return Through(first, SqlTokenKind.QuotedName, canBeDoubled: true);
            case '[':
                return Through(']', SqlTokenKind.QuotedName, canBeDoubled: false);
            case 'x' or 'X' when second == '\'':
                _next++;
                return Through('\'', SqlTokenKind.Blob, canBeDoubled: false);
            case '-' when second == '-':
                return ReadComment("\n");
            case '/' when second == '*':
                _next++;
                return ReadComment("*/");
            case '?' or '$' or '@' or ':' or '#':
                return ReadVariable(first);
            case '.' when char.IsAsciiDigit(second):
            case >= '0' and <= '9':
                return ReadNumber();
            default:
                if (!IsNamePart(first))
                {
                    return SqlTokenKind.Symbol;
                }

                SkipName();
                return SqlTokenKind.Word;
        }
    }

    private SqlTokenKind Through(char quote, SqlTokenKind kind, bool canBeDoubled)
    {
        while (_next < _sql.Length)
        {
            if (_sql[_next++] != quote)
            {
                continue;
            }

            if (!canBeDoubled || Peek() != quote)
            {
                break;
            }

            _next++;
        }

        return kind;
    }

    private SqlTokenKind ReadComment(string end)
    {
        int length = _sql[_next..].IndexOf(end, StringComparison.Ordinal);
        _next = length < 0 ? _sql.Length : _next + length + end.Length;
        return SqlTokenKind.Comment;
    }

    // With "$a::b(c)" a name goes on behind colons and, in parentheses, up to a space: that is Tcl's, and SQLite takes
    // it.
    private SqlTokenKind ReadVariable(char prefix)
    {
        SkipName();
        if (prefix == '?')
        {
            return SqlTokenKind.Variable;
        }

        while (Peek() == ':' && _next + 1 < _sql.Length && _sql[_next + 1] == ':')
        {
            _next += 2;
            SkipName();
        }

        if (_next - Start == 1)
        {
            return SqlTokenKind.Symbol;
        }

        if (Peek() == '(')
        {
            while (_next < _sql.Length && !IsSpace(_sql[_next]) && _sql[_next++] != ')') { }
        }

        return SqlTokenKind.Variable;
    }

    private SqlTokenKind ReadNumber()
    {
        while (_next < _sql.Length && (IsNamePart(_sql[_next]) || _sql[_next] == '.' || IsSignOfExponent()))
        {
            _next++;
        }

        return SqlTokenKind.Number;
    }

    private readonly bool IsSignOfExponent() =>
        _sql[_next] is '+' or '-'
        && _sql[_next - 1] is 'e' or 'E'
        && !_sql[Start.._next].StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        && _next + 1 < _sql.Length
        && char.IsAsciiDigit(_sql[_next + 1]);

    private void SkipName()
    {
        while (_next < _sql.Length && IsNamePart(_sql[_next]))
        {
            _next++;
        }
    }

    private readonly char Peek() => _next < _sql.Length ? _sql[_next] : '\0';

    private static bool IsNamePart(char c) =>
        (c > '\x7f' && c != '\ufeff') || char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\f' or '\r' or '\ufeff';
}
