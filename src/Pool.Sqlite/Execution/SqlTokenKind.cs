namespace Pool.Sqlite.Execution;

/// <summary>Kinds of tokens, as far as it matters whether a parameter can stand there.</summary>
internal enum SqlTokenKind
{
    /// <summary>The end of the text.</summary>
    End,

    /// <summary>A keyword or an identifier without quotes.</summary>
    Word,

    /// <summary>A number, with whatever letters follow it directly.</summary>
    Number,

    /// <summary>A parameter.</summary>
    Variable,

    /// <summary>A text in single quotes.</summary>
    Text,

    /// <summary>A blob literal, <c>x'00ff'</c>.</summary>
    Blob,

    /// <summary>An identifier in double quotes, backticks or brackets.</summary>
    QuotedName,

    /// <summary>A comment to the end of the line, or between <c>/*</c> and <c>*/</c>.</summary>
    Comment,

    /// <summary>An operator, a parenthesis, a separator.</summary>
    Symbol,
}
