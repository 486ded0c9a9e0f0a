using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

/// <summary>
/// The driver's collection, whose constructor is for those who derive from it. It takes no null, which the driver's
/// takes and then falls over when the command runs.
/// </summary>
internal sealed class ParameterList : SqliteParameterCollection
{
    public override SqliteParameter this[int index]
    {
        get => base[index];
        set => base[index] = NotNull(value);
    }

    public override SqliteParameter this[string parameterName]
    {
        get => base[parameterName];
        set => base[parameterName] = NotNull(value);
    }

    public override int Add(object value) => base.Add(NotNull(value));

    public override SqliteParameter Add(SqliteParameter value) => base.Add(NotNull(value));

    public override void AddRange(IEnumerable<SqliteParameter> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (SqliteParameter value in values)
        {
            base.Add(NotNull(value));
        }
    }

    public override void Insert(int index, object value) => base.Insert(index, NotNull(value));

    public override void Insert(int index, SqliteParameter value) => base.Insert(index, NotNull(value));

    public override void Remove(object value) => base.Remove(NotNull(value));

    public override void Remove(SqliteParameter value) => base.Remove(NotNull(value));

    protected override void SetParameter(int index, DbParameter value) => base.SetParameter(index, NotNull(value));

    protected override void SetParameter(string parameterName, DbParameter value) =>
        base.SetParameter(parameterName, NotNull(value));

    private static T NotNull<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }
}
