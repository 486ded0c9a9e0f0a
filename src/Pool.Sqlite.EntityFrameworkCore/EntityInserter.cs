using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.ValueGeneration;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>
/// Inserts entities one by one, each type and set of generated columns by a statement of its own, prepared once.
/// </summary>
internal sealed class EntityInserter(DbContext context) : IAsyncDisposable
{
    private readonly Dictionary<Type, EntityTable> _tables = [];
    private readonly Dictionary<(EntityTable Table, UInt128 Generated), InsertStatement> _statements = [];

    public async ValueTask InsertAsync(object entity, CancellationToken cancellationToken)
    {
        EntityTable table = TableOf(entity.GetType());
        UInt128 generated = 0;
        for (int i = 0; i < table.Columns.Count; i++)
        {
            if (table.Columns[i].IsGeneratedFor(entity, context))
            {
                generated |= UInt128.One << i;
            }
        }

        if (!_statements.TryGetValue((table, generated), out InsertStatement? statement))
        {
            statement = new InsertStatement(context, table, generated);
            _statements.Add((table, generated), statement);
        }

        await statement.ExecuteAsync(entity, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (InsertStatement statement in _statements.Values)
        {
            await statement.DisposeAsync().ConfigureAwait(false);
        }
    }

    private EntityTable TableOf(Type type)
    {
        if (!_tables.TryGetValue(type, out EntityTable? table))
        {
            IEntityType entityType =
                context.Model.FindRuntimeEntityType(type)
                ?? throw new InvalidOperationException(
                    $"{type.Name} is not an entity of {context.GetType().Name}. Add it to the model, or insert a type that is in it."
                );
            table = new EntityTable(entityType, context.GetService<IValueGeneratorSelector>());
            _tables.Add(type, table);
        }

        return table;
    }
}
