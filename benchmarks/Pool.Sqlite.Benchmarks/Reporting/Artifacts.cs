using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pool.Sqlite.Benchmarks.Reporting;

/// <summary>The files that a run leaves: the report as JSON, and charts for light and dark pages.</summary>
internal static class Artifacts
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Finds out before minutes of measuring, not after them, that the report cannot be written.</summary>
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
                $"--output '{directory}' cannot be written to: {error.Message} Give a directory that can."
            );
        }
    }

    /// <summary>Writes the files and returns a line that names them.</summary>
    public static string Write(string directory, string name, RunReport report)
    {
        string path = Path.Combine(directory, name);
        File.WriteAllText(path + ".json", JsonSerializer.Serialize(report, Json));
        if (report.Of("writers-16") is null)
        {
            return $"Written: {path}.json";
        }

        try
        {
            Chart.Write($"{path}-light.svg", report, Theme.Light);
            Chart.Write($"{path}-dark.svg", report, Theme.Dark);
            return $"Written: {path}.json, {path}-light.svg, {path}-dark.svg";
        }
        catch (Exception error) when (error is TypeInitializationException or DllNotFoundException)
        {
            // The drawing library is native code, which is not there for every system.
            return $"Written: {path}.json. No chart: {error.GetBaseException().Message}";
        }
    }
}
