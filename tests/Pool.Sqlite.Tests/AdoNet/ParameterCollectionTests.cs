using System.Collections;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>The parameters of a command and of a batch command are the driver's collection, but for null.</summary>
public sealed class ParameterCollectionTests
{
    private static readonly Dictionary<string, Func<SqliteParameterCollection, object?>> Calls = new()
    {
        ["count"] = static list => list.Count,
        ["add"] = static list => list.Add(new SqliteParameter("$n", 9)).ParameterName,
        ["add object"] = static list => list.Add((object)new SqliteParameter("$n", 9)),
        ["add of another type"] = static list => list.Add("text"),
        ["add typed"] = static list => list.Add("$n", SqliteType.Text).SqliteType,
        ["add sized"] = static list => list.Add("$n", SqliteType.Text, 5, "column").SourceColumn,
        ["add with value"] = static list => list.AddWithValue("$n", 9).Value,
        ["add range"] = static list =>
        {
            list.AddRange([new SqliteParameter("$n", 9), new SqliteParameter("$o", 10)]);
            return null;
        },
        ["add array"] = static list =>
        {
            list.AddRange((Array)new[] { new SqliteParameter("$n", 9) });
            return null;
        },
        ["first"] = static list => list[0].ParameterName,
        ["second"] = static list => list[1].ParameterName,
        ["negative"] = static list => list[-1].ParameterName,
        ["by name"] = static list => list["$a"].Value,
        ["by unknown name"] = static list => list["$z"].Value,
        ["of ADO.NET"] = static list => ((DbParameterCollection)list)[0].ParameterName,
        ["of ADO.NET by name"] = static list => ((DbParameterCollection)list)["$a"].ParameterName,
        ["set"] = static list => list[0] = new SqliteParameter("$n", 9),
        ["set by name"] = static list => list["$a"] = new SqliteParameter("$n", 9),
        ["set by unknown name"] = static list => list["$z"] = new SqliteParameter("$n", 9),
        ["set of ADO.NET"] = static list => ((DbParameterCollection)list)[0] = new SqliteParameter("$n", 9),
        ["set of ADO.NET by name"] = static list => ((DbParameterCollection)list)["$a"] = new SqliteParameter("$n", 9),
        ["contains name"] = static list => list.Contains("$a"),
        ["contains"] = static list => list.Count > 0 && list.Contains(list[0]),
        ["contains object"] = static list => list.Contains((object)new SqliteParameter("$a", 1)),
        ["index of name"] = static list => list.IndexOf("$a"),
        ["index of unknown name"] = static list => list.IndexOf("$z"),
        ["index of"] = static list => list.Count > 0 ? list.IndexOf((object)list[0]) : null,
        ["copy"] = static list =>
        {
            SqliteParameter[] copy = new SqliteParameter[4];
            list.CopyTo(copy, 1);
            return string.Join(", ", copy.Select(static each => each?.ParameterName ?? "-"));
        },
        ["copy to objects"] = static list =>
        {
            object[] copy = new object[4];
            list.CopyTo(copy, 0);
            return copy.Count(static each => each is not null);
        },
        ["insert"] = static list =>
        {
            list.Insert(0, new SqliteParameter("$n", 9));
            return null;
        },
        ["insert object"] = static list =>
        {
            list.Insert(list.Count, (object)new SqliteParameter("$n", 9));
            return null;
        },
        ["remove"] = static list =>
        {
            list.Remove(list[0]);
            return null;
        },
        ["remove object"] = static list =>
        {
            list.Remove((object)list[^1]);
            return null;
        },
        ["remove a stranger"] = static list =>
        {
            list.Remove(new SqliteParameter("$a", 1));
            return null;
        },
        ["remove at"] = static list =>
        {
            list.RemoveAt(0);
            return null;
        },
        ["remove by name"] = static list =>
        {
            list.RemoveAt("$a");
            return null;
        },
        ["clear"] = static list =>
        {
            list.Clear();
            return null;
        },
    };

    public static TheoryData<string, int> Cases { get; } = AllCases();

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_a_call_does_is_what_it_does_on_the_drivers_collection(string call, int count)
    {
        using SqliteCommand driver = new();
        using SqlitePoolCommand pool = new();
        SqlitePoolBatchCommand batch = new();

        string expected = Told(driver.Parameters, count, Calls[call]);

        Assert.Equal(expected, Told(pool.Parameters, count, Calls[call]));
        Assert.Equal(expected, Told(batch.Parameters, count, Calls[call]));
    }

    [Fact]
    public void Null_is_refused_when_it_is_given()
    {
        foreach (
            SqliteParameterCollection list in (SqliteParameterCollection[])
                [new SqlitePoolCommand().Parameters, new SqlitePoolBatchCommand().Parameters]
        )
        {
            list.AddWithValue("$a", 1);

            Assert.Throws<ArgumentNullException>(() => list.Add((SqliteParameter)null!));
            Assert.Throws<ArgumentNullException>(() => list.Add((object)null!));
            Assert.Throws<ArgumentNullException>(() => list.AddRange((IEnumerable<SqliteParameter>)[null!]));
            Assert.Throws<ArgumentNullException>(() => list.Insert(0, (SqliteParameter)null!));
            Assert.Throws<ArgumentNullException>(() => list.Remove((SqliteParameter)null!));
            Assert.Throws<ArgumentNullException>(() => list[0] = null!);
            Assert.Throws<ArgumentNullException>(() => list["$a"] = null!);
            Assert.Throws<ArgumentNullException>(() => ((DbParameterCollection)list)[0] = null!);
            Assert.Equal(1, list.Count);
            Assert.Equal("$a", list[0].ParameterName);
        }
    }

    private static TheoryData<string, int> AllCases()
    {
        TheoryData<string, int> all = new();
        foreach (string call in Calls.Keys)
        {
            for (int count = 0; count <= 2; count++)
            {
                all.Add(call, count);
            }
        }

        return all;
    }

    /// <summary>What the call answers or throws, and what the collection has afterwards.</summary>
    private static string Told(SqliteParameterCollection list, int count, Func<SqliteParameterCollection, object?> call)
    {
        foreach (string name in ((string[])["$a", "$b"]).Take(count))
        {
            list.AddWithValue(name, name.Length);
        }

        string answer;
        try
        {
            answer = call(list) is { } told ? $"{(told as SqliteParameter)?.ParameterName ?? told}" : "nothing";
        }
        catch (Exception error) when (error is not NullReferenceException)
        {
            answer = error.GetType().Name;
        }

        return $"{answer}; {string.Join(", ", ((IEnumerable)list).Cast<SqliteParameter>().Select(Name))}; {list.Count}";
    }

    private static string Name(SqliteParameter parameter) => parameter.ParameterName;
}
