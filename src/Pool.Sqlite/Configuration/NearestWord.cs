namespace Pool.Sqlite.Configuration;

/// <summary>Finds the known word that is nearest to a misspelled one.</summary>
internal static class NearestWord
{
    /// <summary>
    /// The word that takes the fewest changed letters; null when none is near enough to be a suggestion.
    /// </summary>
    public static string? Find(string written, IEnumerable<string> words)
    {
        (string Word, int Distance)[] near =
        [
            .. words
                .Select(word => (Word: word, Distance: Distance(Letters(written), Letters(word))))
                .Where(each => each.Distance <= Math.Max(1, Letters(written).Length / 3))
                .OrderBy(static each => each.Distance),
        ];
        return near is [var nearest, ..] ? nearest.Word : null;
    }

    /// <summary>The word as it is compared: without spaces, in one case.</summary>
    public static string Letters(string word) => word.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>The number of letters to insert, remove, replace or swap with their neighbour.</summary>
    private static int Distance(string a, string b)
    {
        int[,] changes = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                changes[i, j] = i == 0 || j == 0 ? i + j : Step(i, j);
            }
        }

        return changes[a.Length, b.Length];

        int Step(int i, int j)
        {
            int replace = changes[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            int least = Math.Min(replace, 1 + Math.Min(changes[i - 1, j], changes[i, j - 1]));
            bool isSwap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            return isSwap ? Math.Min(least, changes[i - 2, j - 2] + 1) : least;
        }
    }
}
