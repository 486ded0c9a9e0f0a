namespace TradingBackend;

/// <summary>A rule of the business forbids it: nothing of the unit of work is stored.</summary>
internal sealed class RefusedException(string message) : Exception(message);
