namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The files that a run leaves: the same report as JSON and as a chart.</summary>
internal static class Artifacts
{
    /// <summary>Finds out before a minute of measuring, not after it, that the report cannot be written.</summary>
    public static void Prepare(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            File.Create(Path.Combine(directory, Path.GetRandomFileName()), 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"--output '{directory}' cannot be written to: {error.Message} Give a directory that can.");
        }
    }

    /// <summary>Writes both files and returns their paths.</summary>
    public static IReadOnlyList<string> Write(string directory, string name, RunReport report)
    {
        var json = Path.Combine(directory, name + ".json");
        var svg = Path.Combine(directory, name + ".svg");
        JsonReport.Write(json, report);
        SvgChart.Write(svg, report);
        return [json, svg];
    }
}
