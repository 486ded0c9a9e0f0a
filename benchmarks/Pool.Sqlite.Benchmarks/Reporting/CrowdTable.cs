using Spectre.Console;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The look of the tables about many callers: a title on the left, figures on the right.</summary>
internal static class CrowdTable
{
    public static Table Create(IEnumerable<(string Name, int Width)> columns)
    {
        var table = new Table().NoBorder();
        foreach (var (name, width) in columns)
        {
            table.AddColumn(new TableColumn(name)
            {
                Width = width,
                Alignment = name.Length == 0 ? Justify.Left : Justify.Right,
                NoWrap = true,
                Padding = new Padding(0, 0),
            });
        }

        return table;
    }

    public static void Add(Table table, string title, Style style, string[] cells) => table.AddRow((Markup[])
        [new Markup(Markup.Escape(title)), .. cells.Select(cell => new Markup(Markup.Escape(cell), style))]);
}
