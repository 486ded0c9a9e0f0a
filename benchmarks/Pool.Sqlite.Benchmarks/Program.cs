using System.Data.Common;

namespace Pool.Sqlite.Benchmarks;

/// <summary>Compares the pool with its alternatives, in the plain words of the command line.</summary>
internal static class Program
{
    private const int Failed = 1;
    private const int BadUsage = 2;
    private const int Interrupted = 130;

    public static int Main(string[] args)
    {
        try
        {
            // BenchmarkDotNet has a command line of its own and gets everything behind the word.
            return args is ["bench", ..] ? Suites.Suite.Run(args[1..]) : CommandLine.Run(args);
        }
        catch (UsageException error)
        {
            Console.Error.WriteLine(error.Message);
            return BadUsage;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped. Temporary files are removed; nothing was written.");
            return Interrupted;
        }
        catch (Exception error)
            when (error
                    is DbException
                        or IOException
                        or UnauthorizedAccessException
                        or TimeoutException
                        or ArgumentException
            )
        {
            Console.Error.WriteLine($"The comparison failed: {error.Message}");
            return Failed;
        }
    }
}
