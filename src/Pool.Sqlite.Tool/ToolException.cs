namespace Pool.Sqlite.Tool;

/// <summary>What was asked for cannot be done; the message says why, for the person at the terminal.</summary>
internal sealed class ToolException(string message, Exception? cause = null) : Exception(message, cause);
