using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Pool.Sqlite.EntityFrameworkCore;

/// <summary>One INSERT, prepared once, whose values change from entity to entity.</summary>
internal sealed class InsertStatement : IAsyncDisposable
{
    private readonly DbCommand _command;
    private readonly EntityColumn[] _given;
    private readonly EntityColumn[] _generated;

    public InsertStatement(DbContext context, EntityTable table, UInt128 generated)
    {
        ISqlGenerationHelper sql = context.GetService<ISqlGenerationHelper>();
        _generated = [.. table.Columns.Where((_, i) => (generated >> i & 1) == 1)];
        _given = [.. table.Columns.Where((_, i) => (generated >> i & 1) == 0)];
        string returning = _generated.Length == 0 ? "" : $" RETURNING {Names(_generated)}";
        string values =
            _given.Length == 0
                ? "DEFAULT VALUES"
                : $"({Names(_given)}) VALUES ({string.Join(", ", _given.Select((_, i) => $"@p{i}"))})";
        _command = context.Database.GetDbConnection().CreateCommand();
        _command.CommandText = $"INSERT INTO {sql.DelimitIdentifier(table.Name)} {values}{returning}";
        _command.Transaction = context.Database.CurrentTransaction?.GetDbTransaction();
        for (int i = 0; i < _given.Length; i++)
        {
            _command.Parameters.Add(
                _given[i].TypeMapping.CreateParameter(_command, $"@p{i}", null, _given[i].IsNullable)
            );
        }

        string Names(EntityColumn[] columns) =>
            string.Join(", ", columns.Select(column => sql.DelimitIdentifier(column.Name)));
    }

    public async ValueTask ExecuteAsync(object entity, CancellationToken cancellationToken)
    {
        for (int i = 0; i < _given.Length; i++)
        {
            _command.Parameters[i].Value = _given[i].Read(entity) ?? DBNull.Value;
        }

        if (_generated.Length == 0)
        {
            await _command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        DbDataReader reader = await _command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                for (int i = 0; i < _generated.Length; i++)
                {
                    _generated[i].Write(entity, reader.GetValue(i));
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _command.DisposeAsync();
}
