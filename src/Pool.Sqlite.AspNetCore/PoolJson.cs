using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pool.Sqlite.AspNetCore;

/// <summary>
/// camelCase names, enums as words, times in seconds. The default encoder stays: it escapes what means something to
/// HTML.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [
        typeof(SecondsConverter),
        typeof(WordConverter<SqlitePoolStatus>),
        typeof(WordConverter<SqlitePoolAdviceSeverity>),
        typeof(WordConverter<SqlitePoolConnectionRole>),
    ]
)]
[JsonSerializable(typeof(PoolReport))]
[JsonSerializable(typeof(PoolHealthReport))]
internal sealed partial class PoolJson : JsonSerializerContext;

/// <summary>A time as a number of seconds.</summary>
internal sealed class SecondsConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TimeSpan.FromSeconds(reader.GetDouble());

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(value.TotalSeconds);
}

/// <summary>An enum value as a word in camelCase.</summary>
internal sealed class WordConverter<TEnum>() : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.CamelCase)
    where TEnum : struct, Enum;
