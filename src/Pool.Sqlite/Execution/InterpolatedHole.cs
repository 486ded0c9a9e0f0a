namespace Pool.Sqlite.Execution;

/// <summary>A value's place in an interpolated string.</summary>
/// <param name="Source">As the format string has it: <c>{0}</c>.</param>
/// <param name="Start">Where its parameter begins in the SQL.</param>
/// <param name="End">Where its parameter ends in the SQL.</param>
internal readonly record struct InterpolatedHole(string Source, int Start, int End);
