using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.ValueGeneration;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>One column: where an entity has its value, or what generates it.</summary>
internal sealed class EntityColumn
{
    private readonly IProperty _property;
    private readonly ValueGenerator? _generator;
    private readonly object? _discriminator;

    public EntityColumn(IEntityType entityType, IColumnMapping mapping, IValueGeneratorSelector generators)
    {
        _property = mapping.Property;
        Name = mapping.Column.Name;
        TypeMapping = mapping.TypeMapping;
        IsNullable = mapping.Column.IsNullable;
        if (entityType.FindDiscriminatorProperty() == _property)
        {
            _discriminator = entityType.GetDiscriminatorValue();
        }
        else if (_property.IsShadowProperty())
        {
            throw EntityTable.Unsupported(
                entityType,
                $"its property {_property.Name} is a shadow property, which an entity has no value for"
            );
        }

        // As the change tracker does it: keys, and what the model names a generator for. Temporary values are for the
        // tracker alone; there the database generates the lasting one.
        if (
            _property.ValueGenerated.HasFlag(ValueGenerated.OnAdd)
            && (_property.IsKey() || _property.GetValueGeneratorFactory() is not null)
            && generators.TrySelect(_property, entityType, out ValueGenerator? generator)
            && generator is { GeneratesTemporaryValues: false }
        )
        {
            _generator = generator;
        }
    }

    public string Name { get; }

    public RelationalTypeMapping TypeMapping { get; }

    public bool IsNullable { get; }

    /// <summary>
    /// True when the database is to generate the value: the entity has none, and EF has no generator for it.
    /// </summary>
    public bool IsGeneratedFor(object entity, DbContext context)
    {
        if (_property.GetComputedColumnSql() is not null)
        {
            return true;
        }

        if (!_property.ValueGenerated.HasFlag(ValueGenerated.OnAdd) || !HasSentinel(entity))
        {
            return false;
        }

        if (_generator is null)
        {
            return true;
        }

        Set(entity, _generator.Next(context.Entry(entity)));
        return false;
    }

    /// <summary>The value as the database stores it.</summary>
    public object? Read(object entity)
    {
        object? value = _discriminator ?? _property.GetGetter().GetClrValue(entity);
        return TypeMapping.Converter is { } converter ? converter.ConvertToProvider(value) : value;
    }

    /// <summary>Gives the entity a value that the database has generated.</summary>
    public void Write(object entity, object? stored)
    {
        Type type = TypeMapping.Converter?.ProviderClrType ?? _property.ClrType;
        object? value = stored is null or DBNull ? null : ChangeType(stored, Nullable.GetUnderlyingType(type) ?? type);
        Set(entity, TypeMapping.Converter is { } converter ? converter.ConvertFromProvider(value) : value);
    }

    private static object ChangeType(object stored, Type type) =>
        stored switch
        {
            _ when type.IsInstanceOfType(stored) => stored,
            string text when type == typeof(Guid) => Guid.Parse(text),
            string text when type == typeof(DateTimeOffset) => DateTimeOffset.Parse(
                text,
                System.Globalization.CultureInfo.InvariantCulture
            ),
            _ when type.IsEnum => Enum.ToObject(type, stored),
            _ => Convert.ChangeType(stored, type, System.Globalization.CultureInfo.InvariantCulture),
        };

    private bool HasSentinel(object entity) => Equals(_property.GetGetter().GetClrValue(entity), _property.Sentinel);

    private void Set(object entity, object? value)
    {
        if (_property.PropertyInfo is { CanWrite: true } property)
        {
            property.SetValue(entity, value);
        }
        else
        {
            _property.FieldInfo?.SetValue(entity, value);
        }
    }
}
