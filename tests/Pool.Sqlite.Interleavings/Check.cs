using Microsoft.Coyote.Specifications;

namespace Pool.Sqlite.Interleavings;

/// <summary>What must hold in every order of the steps.</summary>
internal static class Check
{
    public static void That(bool holds, string otherwise) => Specification.Assert(holds, otherwise);

    public static void Same<T>(T expected, T actual, string what) =>
        That(EqualityComparer<T>.Default.Equals(expected, actual), $"{what}: {actual}, and not {expected}.");

    /// <summary>Runs all at once and waits for their ends.</summary>
    // Coyote sees calls, not delegates of a method; and does not know the overload of WhenAll that takes a span.
    public static Task All(params Func<Task>[] parts) =>
        Task.WhenAll(Array.ConvertAll(parts, static part => Task.Run(part)));
}
