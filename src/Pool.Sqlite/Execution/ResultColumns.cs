using System.Diagnostics.CodeAnalysis;
using SQLitePCL;

namespace Pool.Sqlite.Execution;

/// <summary>The columns of a result: their names and types.</summary>
internal sealed class ResultColumns(StatementCursor cursor, sqlite3_stmt statement, int count)
{
    private const DynamicallyAccessedMemberTypes FieldTypeMembers =
        DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.PublicFields;

    private readonly string?[] _names = new string?[count];
    private readonly int[] _lastTypes = new int[count];
    private Dictionary<string, int>? _ordinals;

    public int Count => count;

    public sqlite3_stmt Statement => statement;

    public string Name(int ordinal) =>
        _names[Checked(ordinal)] ??= raw.sqlite3_column_name(statement, ordinal).utf8_to_string();

    public int Ordinal(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_ordinals is null)
        {
            _ordinals = new Dictionary<string, int>(count, StringComparer.Ordinal);
            for (int i = 0; i < count; i++)
            {
                _ordinals[Name(i)] = i;
            }
        }

        if (!_ordinals.TryGetValue(name, out int ordinal))
        {
            ordinal = WhateverTheCase(name);
            _ordinals.Add(name, ordinal);
        }

        return ordinal;
    }

    /// <summary>The declared type without its arguments; of an expression, that of its value.</summary>
    public string DataTypeName(int ordinal)
    {
        string? declared = raw.sqlite3_column_decltype(statement, Checked(ordinal)).utf8_to_string();
        return declared is not null
            ? declared.Split('(', 2)[0]
            : TypeNow(ordinal) switch
            {
                raw.SQLITE_INTEGER => "INTEGER",
                raw.SQLITE_FLOAT => "REAL",
                raw.SQLITE_TEXT => "TEXT",
                _ => "BLOB",
            };
    }

    /// <summary>The type of the value in this row; of NULL that of a row before, or the one that is declared.</summary>
    [return: DynamicallyAccessedMembers(FieldTypeMembers)]
    public Type FieldType(int ordinal)
    {
        int type = TypeNow(Checked(ordinal));
        if (type != raw.SQLITE_NULL)
        {
            _lastTypes[ordinal] = type;
        }
        else
        {
            type = _lastTypes[ordinal] is not 0 and int last ? last : Affinity(DataTypeName(ordinal));
        }

        return TypeOf(type);
    }

    [return: DynamicallyAccessedMembers(FieldTypeMembers)]
    public static Type TypeOf(int type) =>
        type switch
        {
            raw.SQLITE_INTEGER => typeof(long),
            raw.SQLITE_FLOAT => typeof(double),
            raw.SQLITE_TEXT => typeof(string),
            _ => typeof(byte[]),
        };

    /// <summary>What SQLite makes of a declared type; NUMERIC, which can be anything, reads as text.</summary>
    public static int Affinity(string declared) =>
        Has(declared, "INT") ? raw.SQLITE_INTEGER
        : Has(declared, "CHAR") || Has(declared, "CLOB") || Has(declared, "TEXT") ? raw.SQLITE_TEXT
        : Has(declared, "BLOB") ? raw.SQLITE_BLOB
        : Has(declared, "REAL") || Has(declared, "FLOA") || Has(declared, "DOUB") ? raw.SQLITE_FLOAT
        : raw.SQLITE_TEXT;

    private int TypeNow(int ordinal) => raw.sqlite3_column_type(cursor.Values ?? statement, ordinal);

    private static bool Has(string declared, string word) =>
        declared.Contains(word, StringComparison.OrdinalIgnoreCase);

    private int Checked(int ordinal) =>
        (uint)ordinal < (uint)count ? ordinal : throw new ArgumentOutOfRangeException(nameof(ordinal), ordinal, null);

    private int WhateverTheCase(string name)
    {
        string? found = null;
        foreach (string other in _ordinals!.Keys)
        {
            if (string.Equals(name, other, StringComparison.OrdinalIgnoreCase))
            {
                found = found is null
                    ? other
                    : throw new InvalidOperationException(
                        $"The name '{name}' is ambiguous between columns '{found}' and '{other}'. Specify one using its exact case."
                    );
            }
        }

        return found is not null ? _ordinals[found] : throw new ArgumentOutOfRangeException(nameof(name), name, null);
    }
}
