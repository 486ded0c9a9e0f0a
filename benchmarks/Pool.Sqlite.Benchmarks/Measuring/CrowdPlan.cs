namespace Pool.Sqlite.Benchmarks.Measuring;

/// <summary>The size of a crowd of tasks.</summary>
/// <param name="Operations">What all of them have to do in one pass, together.</param>
/// <param name="RowsPerOperation">Rows in the table <c>log</c> for each; 0 when they are not counted.</param>
internal sealed record CrowdPlan(int Tasks, int Operations, int RowsPerOperation);
