namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>Failures of one kind.</summary>
/// <param name="Meaning">For a message.</param>
/// <param name="Count">Up to 100.</param>
internal readonly record struct StatementFailure(string Meaning, int Count);
