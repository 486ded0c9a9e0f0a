using System.Collections;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite;

/// <summary>
/// The driver's collection, whose constructor is for those who derive from it. It takes no null, which the driver's
/// takes and then falls over when the command runs. A single parameter, as most commands have, is kept here: the list
/// of the base class would double what the lease allocates.
/// </summary>
internal sealed class ParameterList : SqliteParameterCollection
{
    private SqliteParameter? _single;

    public override int Count => _single is null ? base.Count : 1;

    public override SqliteParameter this[int index]
    {
        get
        {
            if (index == 0 && _single is { } single)
            {
                return single;
            }

            MoveToList();
            return base[index];
        }
        set
        {
            MoveToList();
            base[index] = NotNull(value);
        }
    }

    public override SqliteParameter this[string parameterName]
    {
        get
        {
            MoveToList();
            return base[parameterName];
        }
        set
        {
            MoveToList();
            base[parameterName] = NotNull(value);
        }
    }

    public override SqliteParameter Add(SqliteParameter value)
    {
        NotNull(value);
        if (Count == 0)
        {
            return _single = value;
        }

        MoveToList();
        return base.Add(value);
    }

    public override int Add(object value)
    {
        Add((SqliteParameter)NotNull(value));
        return Count - 1;
    }

    public override void AddRange(IEnumerable<SqliteParameter> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (SqliteParameter value in values)
        {
            Add(value);
        }
    }

    public override void Clear()
    {
        _single = null;
        base.Clear();
    }

    public override bool Contains(SqliteParameter value)
    {
        MoveToList();
        return base.Contains(value);
    }

    public override bool Contains(string value)
    {
        MoveToList();
        return base.Contains(value);
    }

    public override void CopyTo(Array array, int index)
    {
        MoveToList();
        base.CopyTo(array, index);
    }

    public override void CopyTo(SqliteParameter[] array, int index)
    {
        MoveToList();
        base.CopyTo(array, index);
    }

    public override IEnumerator GetEnumerator()
    {
        MoveToList();
        return base.GetEnumerator();
    }

    public override int IndexOf(SqliteParameter value)
    {
        MoveToList();
        return base.IndexOf(value);
    }

    public override int IndexOf(string parameterName)
    {
        MoveToList();
        return base.IndexOf(parameterName);
    }

    public override void Insert(int index, object value) => Insert(index, (SqliteParameter)NotNull(value));

    public override void Insert(int index, SqliteParameter value)
    {
        MoveToList();
        base.Insert(index, NotNull(value));
    }

    public override void Remove(object value) => Remove((SqliteParameter)NotNull(value));

    public override void Remove(SqliteParameter value)
    {
        MoveToList();
        base.Remove(NotNull(value));
    }

    public override void RemoveAt(int index)
    {
        MoveToList();
        base.RemoveAt(index);
    }

    public override void RemoveAt(string parameterName)
    {
        MoveToList();
        base.RemoveAt(parameterName);
    }

    protected override DbParameter GetParameter(int index) => this[index];

    protected override DbParameter GetParameter(string parameterName) => this[parameterName];

    protected override void SetParameter(int index, DbParameter value) => this[index] = (SqliteParameter)NotNull(value);

    protected override void SetParameter(string parameterName, DbParameter value) =>
        this[parameterName] = (SqliteParameter)NotNull(value);

    private void MoveToList()
    {
        if (_single is { } single)
        {
            _single = null;
            base.Add(single);
        }
    }

    private static T NotNull<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }
}
