using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pool.Sqlite.Tool;

/// <summary>Where a command writes: results to one stream, progress and errors to the other.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public TextWriter Output => output;

    public TextWriter Error => error;

    public void Write(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    public void WriteJson(JsonNode json) => output.WriteLine(json.ToJsonString(Indented));

    public void Progress(FormattableString line) => error.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>Names and values, the values below each other.</summary>
    public void WriteFacts(IReadOnlyCollection<(string Name, string Value)> facts)
    {
        int width = facts.Max(static fact => fact.Name.Length) + 2;
        foreach ((string name, string value) in facts)
        {
            output.WriteLine(name.PadRight(width) + value);
        }
    }

    /// <summary>A table with its columns below each other.</summary>
    /// <param name="columns">The titles.</param>
    /// <param name="rows">The cells, as text.</param>
    /// <param name="alignRight">Whether a column is of numbers.</param>
    public void WriteTable(IReadOnlyList<string> columns, IReadOnlyList<string[]> rows, Func<int, bool> alignRight)
    {
        int[] widths =
        [
            .. columns.Select(
                (title, i) => Math.Max(title.Length, rows.Select(row => row[i].Length).DefaultIfEmpty().Max())
            ),
        ];
        string Line(IReadOnlyList<string> cells) =>
            string.Join(
                    "  ",
                    cells.Select((cell, i) => alignRight(i) ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))
                )
                .TrimEnd();
        output.WriteLine(Line(columns));
        output.WriteLine(string.Join("  ", widths.Select(static width => new string('-', width))));
        foreach (string[] row in rows)
        {
            output.WriteLine(Line(row));
        }
    }

    /// <summary>1.5 MB.</summary>
    public static string Size(long bytes)
    {
        string[] units = ["bytes", "KB", "MB", "GB", "TB"];
        double size = bytes;
        int unit = 0;
        for (; size >= 1024 && unit < units.Length - 1; unit++)
        {
            size /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
