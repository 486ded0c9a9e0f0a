namespace Pool.Sqlite.Tool;

/// <summary>How the program ends.</summary>
internal static class ExitCode
{
    /// <summary>Done; nothing is wrong.</summary>
    public const int Success = 0;

    /// <summary>The check has found damage.</summary>
    public const int Findings = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 2;

    /// <summary>What was asked for could not be done.</summary>
    public const int Failure = 3;
}
