using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pool.Sqlite.Tool.Copying;

/// <summary>
/// JSON in the one form that does not change in a jsonb column, which keeps neither spaces nor order.
/// </summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Without spaces, names in order, of equal names the last, numbers without zeros at the end; null for what is no
    /// JSON.
    /// </summary>
    public static string? Normalize(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            ArrayBufferWriter<byte> buffer = new();
            using (Utf8JsonWriter writer = new(buffer, Plain))
            {
                Write(document.RootElement, writer);
            }

            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Write(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (
                    IGrouping<string, JsonProperty> same in element
                        .EnumerateObject()
                        .GroupBy(static property => property.Name)
                        .OrderBy(static group => group.Key, StringComparer.Ordinal)
                )
                {
                    writer.WritePropertyName(same.Key);
                    Write(same.Last().Value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Write(item, writer);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.Number when element.TryGetDecimal(out decimal number):
                writer.WriteRawValue((number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
