using System.Data.Common;
using Microsoft.Data.Sqlite;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Integration;

/// <summary>All in one, since closing the factory's pools closes those of every test.</summary>
public sealed class ProviderFactoryTests
{
    [Fact]
    public async Task Code_that_knows_only_the_factory_gets_pooled_connections_and_can_close_them()
    {
        using TempDatabase database = new();
        DbProviderFactory factory = SqlitePoolFactory.Instance;
        DbConnectionStringBuilder builder = factory.CreateConnectionStringBuilder()!;
        builder["Data Source"] = database.Path;

        // One connection, which is waited for, should the housekeeper have it in its hands.
        builder["Pool Size"] = 1;
        builder["Max Overflow"] = 0;
        long first = Use(factory, builder.ConnectionString, "create table t(a)");
        Assert.Equal(first, Use(factory, builder.ConnectionString, "insert into t values ($a)"));
        Assert.NotEmpty(database.OpenFiles());
        SqlitePoolFactory.ClosePools();
        await Limit.Until(() => database.OpenFiles().Length == 0);

        // And from the beginning again.
        Use(factory, builder.ConnectionString, "insert into t values ($a)");
        using (SqliteConnection direct = database.OpenDirectly())
        {
            Assert.Equal("2", direct.Ask("select count(*) from t where a = 5"));
        }

        SqlitePoolFactory.ClosePools();
        SqlitePoolFactory.ClosePools();
    }

    [Fact]
    public void What_cannot_be_is_said_so()
    {
        using DbConnection connection = SqlitePoolFactory.Instance.CreateConnection()!;
        Assert.Throws<InvalidOperationException>(connection.Open);
        Assert.Throws<ArgumentException>(() => connection.ConnectionString = "Nonsense=1");
        using DbCommand command = SqlitePoolFactory.Instance.CreateCommand()!;
        command.CommandText = "select 1";
        Assert.Throws<InvalidOperationException>(() => command.ExecuteScalar());
        using SqliteConnection plain = new();
        Assert.Throws<InvalidCastException>(() => command.Connection = plain);
    }

    [Fact]
    public async Task A_data_source_of_the_factory_is_a_pool_of_its_own()
    {
        using TempDatabase database = new();
        await using DbDataSource source = SqlitePoolFactory.Instance.CreateDataSource(database.ConnectionString);
        await using DbCommand command = source.CreateCommand("select 5");
        Assert.Equal(5L, await command.ExecuteScalarAsync());
        await using DbConnection connection = await source.OpenConnectionAsync();
        Assert.Same(SqlitePoolFactory.Instance, DbProviderFactories.GetFactory(connection));
    }

    [Fact]
    public void A_connection_and_a_command_can_be_made_by_reflection_and_work_once_they_know_their_database()
    {
        using TempDatabase database = new();
        using (DbConnection connection = Activator.CreateInstance<SqlitePoolConnection>())
        using (DbCommand command = Activator.CreateInstance<SqlitePoolCommand>())
        {
            Assert.Throws<InvalidOperationException>(connection.Open);
            connection.ConnectionString = database.ConnectionString;
            connection.Open();
            command.Connection = connection;
            command.CommandText = "select 1";
            Assert.Equal(1L, command.ExecuteScalar());
        }

        SqlitePoolFactory.ClosePools();
    }

    private static long Use(DbProviderFactory factory, string connectionString, string sql)
    {
        using DbConnection connection = factory.CreateConnection()!;
        connection.ConnectionString = connectionString;
        connection.Open();
        using DbCommand command = factory.CreateCommand()!;
        command.Connection = connection;
        command.CommandText = sql;
        DbParameter parameter = factory.CreateParameter()!;
        parameter.ParameterName = "$a";
        parameter.Value = 5;
        command.Parameters.Add(parameter);
        command.ExecuteNonQuery();
        return ((SqlitePoolConnection)connection).Number();
    }
}
