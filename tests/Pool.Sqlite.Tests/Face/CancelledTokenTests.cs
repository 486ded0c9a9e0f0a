using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Face;

/// <summary>
/// Everything public that takes a token, inherited members included: with one that is cancelled it throws exactly
/// <see cref="OperationCanceledException"/>, and does nothing.
/// </summary>
public sealed class CancelledTokenTests : IDisposable
{
    private static readonly Type[] Types =
    [
        typeof(SqlitePool),
        typeof(SqlitePoolSet),
        typeof(SqlitePoolWriteQueue),
        typeof(SqlitePoolConnection),
        typeof(SqlitePoolCommand),
        typeof(SqlitePoolBatch),
        typeof(SqlitePoolTransaction),
        typeof(SqlitePoolDataReader),
    ];

    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public CancelledTokenTests() => _pool = new SqlitePool(_database.Options());

    public static TheoryData<string> Members => [.. All.Keys];

    public static TheoryData<string> Verbs =>
        [.. typeof(DbDataSourceExtensions).GetMethods().Where(TakesToken).Select(static method => method.ToString()!)];

    private static Dictionary<string, MethodInfo> All { get; } =
        Types
            .SelectMany(static type =>
                type.GetMethods().Where(TakesToken).Select(method => (Name: $"{type.Name}: {method}", Method: method))
            )
            .DistinctBy(static member => member.Name)
            .ToDictionary(static member => member.Name, static member => member.Method);

    [Theory]
    [MemberData(nameof(Members))]
    public async Task A_member_given_a_cancelled_token_throws_that_cancellation(string member)
    {
        string type = member[..member.IndexOf(':', StringComparison.Ordinal)];
        using SqlitePoolConnection connection = _pool.Rent();
        using SqlitePoolTransaction transaction = connection.BeginTransaction(deferred: true);
        using SqlitePoolCommand command = connection.CreateCommand("select 1, 'a'");
        using SqlitePoolBatch batch = connection.CreateBatch();
        batch.BatchCommands.Add(new SqlitePoolBatchCommand { CommandText = "select 1" });
        await using SqlitePoolSet set = new(
            new SqlitePoolSetOptions { Folder = Path.GetDirectoryName(_database.Path)! }
        );
        using SqlitePoolCommand select = connection.CreateCommand("select 1, 'a'");
        using SqlitePoolDataReader reader = (SqlitePoolDataReader)select.ExecuteReader();
        reader.Read();
        object target = type switch
        {
            nameof(SqlitePool) => _pool,
            nameof(SqlitePoolSet) => set,
            nameof(SqlitePoolWriteQueue) => _pool.Writes,
            nameof(SqlitePoolConnection) => Closed(member) ?? connection,
            nameof(SqlitePoolCommand) => command,
            nameof(SqlitePoolBatch) => batch,
            nameof(SqlitePoolTransaction) => transaction,
            _ => reader,
        };
        await AssertCancelled(All[member], target);
        Assert.True(reader.IsClosed || reader.GetInt64(0) == 1);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task A_verb_on_any_data_source_throws_exactly_the_cancellation(string member)
    {
        MethodInfo method = typeof(DbDataSourceExtensions).GetMethods().Single(method => method.ToString() == member);
        FakeDataSource other = new($"{_database.ConnectionString};Pooling=False");
        await AssertCancelled(method, null, other);
        await AssertCancelled(method, null, _pool);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    // A connection that is open has nothing to open.
    private SqlitePoolConnection? Closed(string member) =>
        member.Contains("OpenAsync", StringComparison.Ordinal)
        || member.Contains("BeginTransactionAsync", StringComparison.Ordinal)
            ? _pool.CreateConnection()
            : null;

    private static bool TakesToken(MethodInfo method) =>
        method.GetParameters() is [.., { ParameterType: Type last }]
        && last == typeof(CancellationToken)
        && method.GetCustomAttribute<ObsoleteAttribute>() is null;

    private static async Task AssertCancelled(MethodInfo method, object? target, DbDataSource? source = null)
    {
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        MethodInfo called = method.IsGenericMethodDefinition
            ? method.MakeGenericMethod(
                method.GetGenericArguments()[0].Name == "TRow" ? typeof((int, int)) : typeof(long)
            )
            : method;
        object?[] arguments =
        [
            .. called
                .GetParameters()
                .Select(parameter =>
                    parameter.ParameterType == typeof(CancellationToken) ? cancelled.Token
                    : parameter.ParameterType == typeof(DbDataSource) ? source
                    : ArgumentFor(parameter)
                ),
        ];
        OperationCanceledException exception = await Assert.ThrowsAsync<OperationCanceledException>(() =>
            Call(called, target, arguments).Limited()
        );
        Assert.Equal(cancelled.Token, exception.CancellationToken);
    }

    private static Task Call(MethodInfo method, object? target, object?[] arguments)
    {
        object? answer;
        try
        {
            answer = method.Invoke(target, arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }

        return answer switch
        {
            Task task => task,
            ValueTask task => task.AsTask(),
            null => Task.CompletedTask,
            _ => answer.GetType().GetMethod(nameof(ValueTask.AsTask)) is { } asTask
                ? (Task)asTask.Invoke(answer, null)!
                : Task.CompletedTask,
        };
    }

    private static object? ArgumentFor(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        return parameter.Name switch
        {
            "sql" when type == typeof(string) => "select 1",
            "sql" => (FormattableString)$"select {1}",
            "path" => Path.Combine(Path.GetTempPath(), "never-written.db"),
            "collectionName" => "MetaDataCollections",
            "keys" => new[] { "key" },
            "maxParallel" => 1,
            "rows" when type.GenericTypeArguments[0] == typeof((int, int)) => Array.Empty<(int, int)>(),
            "rows" => Array.Empty<object?[]>(),
            "parameters" when type == typeof(IReadOnlyList<object?>) => Array.Empty<object?>(),
            "parameters" => new Dictionary<string, object?>(),
            "restrictionValues" => Array.Empty<string>(),
            _ when type == typeof(string) => "name",
            _ when type == typeof(TimeSpan) => Limit.Length,
            _ when typeof(Delegate).IsAssignableFrom(type) => Never(type),
            _ => type.IsValueType ? Activator.CreateInstance(type) : null,
        };
    }

    private static Delegate Never(Type type)
    {
        MethodInfo invoke = type.GetMethod("Invoke")!;
        return Expression
            .Lambda(
                type,
                Expression.Throw(
                    Expression.Constant(new InvalidOperationException("It was called.")),
                    invoke.ReturnType
                ),
                invoke.GetParameters().Select(static parameter => Expression.Parameter(parameter.ParameterType))
            )
            .Compile();
    }
}
