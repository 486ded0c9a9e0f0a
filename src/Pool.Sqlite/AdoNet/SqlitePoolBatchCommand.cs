using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

/// <summary>One command of a <see cref="SqlitePoolBatch"/>.</summary>
public sealed class SqlitePoolBatchCommand : DbBatchCommand
{
    private string _text = "";
    private ParameterList? _parameters;
    private int _recordsAffected = -1;

    /// <summary>A command without a text.</summary>
    public SqlitePoolBatchCommand() { }

    /// <summary>A command with its text.</summary>
    /// <param name="commandText">The SQL.</param>
    public SqlitePoolBatchCommand(string commandText) => CommandText = commandText;

    /// <summary>The SQL: one statement, or several with semicolons between them.</summary>
    /// <exception cref="ArgumentException">It has a NUL character.</exception>
    [AllowNull]
    public override string CommandText
    {
        get => _text;
        set =>
            _text =
                value?.Contains('\0', StringComparison.Ordinal) != true
                    ? value ?? ""
                    : throw new ArgumentException(
                        "CommandText has a NUL character, at which SQL ends. Pass such a value as a parameter."
                    );
    }

    /// <summary>Always <see cref="CommandType.Text"/>.</summary>
    /// <exception cref="ArgumentException">It is set to another: SQLite has no stored procedures.</exception>
    public override CommandType CommandType
    {
        get => CommandType.Text;
        set
        {
            if (value != CommandType.Text)
            {
                throw new ArgumentException($"CommandType is {value}. SQLite has CommandType.Text only.");
            }
        }
    }

    /// <summary>
    /// How many rows it changed when the batch ran last; -1 when it did not run, or cannot change any.
    /// </summary>
    public override int RecordsAffected => _recordsAffected;

    /// <summary>Always true: see <see cref="CreateParameter"/>.</summary>
    public override bool CanCreateParameter => true;

    /// <summary>The values for the SQL.</summary>
    public new SqliteParameterCollection Parameters => _parameters ??= new ParameterList();

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => Parameters;

    /// <summary>A new parameter; it is not in <see cref="Parameters"/> yet.</summary>
    public override DbParameter CreateParameter() => new SqliteParameter();

    internal SqliteParameterCollection? ParametersOrNull => _parameters;

    internal void NoteChanges(int changes) => _recordsAffected = changes;
}
