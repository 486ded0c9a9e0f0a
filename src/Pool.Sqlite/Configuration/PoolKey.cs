using System.Globalization;

namespace Pool.Sqlite.Configuration;

/// <summary>A setting of the pool that can stand in a connection string.</summary>
internal abstract class PoolKey(string name)
{
    /// <summary>The key as it is written: the option's name in words.</summary>
    public string Name => name;

    /// <summary>
    /// Gives the option this value, unless it has one of its own. Null, or what is wrong with the text.
    /// </summary>
    public abstract string? Apply(SqlitePoolOptions options, string text);

    public static PoolKey Text(
        string name,
        Func<SqlitePoolOptions, string?> get,
        Action<SqlitePoolOptions, string?> set
    ) =>
        new Typed<string?>(
            name,
            get,
            set,
            static (string text, out string? value) => (value = text).Length > 0,
            "a text"
        );

    public static PoolKey Number(string name, Func<SqlitePoolOptions, int> get, Action<SqlitePoolOptions, int> set) =>
        new Typed<int>(name, get, set, TryInteger, "a whole number");

    public static PoolKey Bytes(string name, Func<SqlitePoolOptions, long> get, Action<SqlitePoolOptions, long> set) =>
        new Typed<long>(name, get, set, TryInteger, "a whole number");

    public static PoolKey Flag(string name, Func<SqlitePoolOptions, bool> get, Action<SqlitePoolOptions, bool> set) =>
        new Typed<bool>(name, get, set, TryFlag, "True or False");

    public static PoolKey Time(
        string name,
        Func<SqlitePoolOptions, TimeSpan> get,
        Action<SqlitePoolOptions, TimeSpan> set
    ) => new Typed<TimeSpan>(name, get, set, TryTime, "seconds (5, 0.25), a time (00:05:00), or Infinite");

    public static PoolKey Word<TEnum>(
        string name,
        Func<SqlitePoolOptions, TEnum> get,
        Action<SqlitePoolOptions, TEnum> set
    )
        where TEnum : struct, Enum =>
        new Typed<TEnum>(name, get, set, TryWord, string.Join(", ", Enum.GetNames<TEnum>()));

    /// <summary>As <see cref="Word"/>, for an option that need not have a value.</summary>
    public static PoolKey WordOrNone<TEnum>(
        string name,
        Func<SqlitePoolOptions, TEnum?> get,
        Action<SqlitePoolOptions, TEnum?> set
    )
        where TEnum : struct, Enum =>
        new Typed<TEnum?>(
            name,
            get,
            set,
            static (string text, out TEnum? value) =>
            {
                bool isWord = TryWord(text, out TEnum word);
                value = word;
                return isWord;
            },
            string.Join(", ", Enum.GetNames<TEnum>())
        );

    private static bool TryInteger<TInteger>(string text, out TInteger value)
        where TInteger : struct, IParsable<TInteger> =>
        TInteger.TryParse(text, CultureInfo.InvariantCulture, out value);

    private static bool TryFlag(string text, out bool value)
    {
        value = text.ToUpperInvariant() is "TRUE" or "YES" or "ON" or "1";
        return value || text.ToUpperInvariant() is "FALSE" or "NO" or "OFF" or "0";
    }

    private static bool TryTime(string text, out TimeSpan value)
    {
        if (text.Equals("Infinite", StringComparison.OrdinalIgnoreCase))
        {
            value = Timeout.InfiniteTimeSpan;
            return true;
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);
        }

        // Far beyond what any option allows; the limits themselves are checked with the options.
        const decimal Most = 1_000_000_000;
        bool isNumber =
            decimal.TryParse(
                text,
                NumberStyles.Number & ~NumberStyles.AllowThousands,
                CultureInfo.InvariantCulture,
                out decimal seconds
            )
            && Math.Abs(seconds) <= Most;
        value = isNumber ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond)) : TimeSpan.Zero;
        return isNumber;
    }

    private static bool TryWord<TEnum>(string text, out TEnum value)
        where TEnum : struct, Enum => Enum.TryParse(text, ignoreCase: true, out value) && Enum.IsDefined(value);

    private delegate bool TryRead<T>(string text, out T value);

    private sealed class Typed<T>(
        string name,
        Func<SqlitePoolOptions, T> get,
        Action<SqlitePoolOptions, T> set,
        TryRead<T> tryRead,
        string allowed
    ) : PoolKey(name)
    {
        private readonly T _default = get(new SqlitePoolOptions());

        public override string? Apply(SqlitePoolOptions options, string text)
        {
            if (!tryRead(text, out T value))
            {
                return $"ConnectionString has {Name}='{text}'. Allowed: {allowed}.";
            }

            if (EqualityComparer<T>.Default.Equals(get(options), _default))
            {
                set(options, value);
            }

            return null;
        }
    }
}
