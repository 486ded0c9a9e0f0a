using Dapper;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.AdoNet;

public sealed class DapperOnLeasesTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public DapperOnLeasesTests()
    {
        _pool = new SqlitePool(_database.Options());
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Execute(
            """
            create table author(id integer primary key, name text not null);
            create table book(id integer primary key, author_id int references author(id), title text not null);
            insert into author values(1, 'Le Guin'), (2, 'Lem');
            insert into book values(1, 1, 'The Dispossessed'), (2, 2, 'Solaris'), (3, 2, 'Fiasco');
            """
        );
    }

    [Fact]
    public async Task A_query_maps_rows_to_objects()
    {
        using SqlitePoolConnection connection = await _pool.RentAsync();

        Author author = await connection.QuerySingleAsync<Author>(
            "select id, name from author where id = @id",
            new { id = 2 }
        );

        Assert.Equal(new Author(2, "Lem"), author);
    }

    [Fact]
    public async Task Execute_takes_many_sets_of_parameters()
    {
        using SqlitePoolConnection connection = await _pool.RentAsync();

        int rows = await connection.ExecuteAsync(
            "insert into author(name) values(@name)",
            new[] { new { name = "Wolfe" }, new { name = "Butler" } }
        );

        Assert.Equal(2, rows);
        Assert.Equal(4, await connection.ExecuteScalarAsync<int>("select count(*) from author"));
    }

    [Fact]
    public async Task A_row_can_be_split_into_several_objects()
    {
        using SqlitePoolConnection connection = await _pool.RentAsync();

        IEnumerable<string> lines = await connection.QueryAsync<Book, Author, string>(
            "select b.id, b.title, a.id, a.name from book b join author a on a.id = b.author_id order by b.id",
            (book, author) => $"{author.Name}: {book.Title}"
        );

        Assert.Equal(["Le Guin: The Dispossessed", "Lem: Solaris", "Lem: Fiasco"], lines);
    }

    [Fact]
    public async Task A_list_becomes_as_many_parameters()
    {
        using SqlitePoolConnection connection = await _pool.RentAsync();

        IEnumerable<string> titles = await connection.QueryAsync<string>(
            "select title from book where id in @ids order by id",
            new { ids = new[] { 1, 3 } }
        );

        Assert.Equal(["The Dispossessed", "Fiasco"], titles);
    }

    [Fact]
    public void An_unbuffered_query_reads_as_it_goes()
    {
        using SqlitePoolConnection connection = _pool.Rent();

        IEnumerable<string> titles = connection.Query<string>("select title from book order by id", buffered: false);

        Assert.Equal("The Dispossessed", titles.First());
        Assert.Equal(3, titles.Count());
    }

    [Fact]
    public async Task Several_results_come_from_one_call()
    {
        using SqlitePoolConnection connection = await _pool.RentAsync();

        using SqlMapper.GridReader grid = await connection.QueryMultipleAsync(
            "select count(*) from author; select title from book order by id"
        );

        Assert.Equal(2, await grid.ReadSingleAsync<int>());
        Assert.Equal(3, (await grid.ReadAsync<string>()).Count());
    }

    [Fact]
    public async Task A_transaction_can_be_passed_or_left_out()
    {
        using SqlitePoolConnection connection = await _pool.RentAsync();
        using (SqlitePoolTransaction transaction = connection.BeginTransaction())
        {
            await connection.ExecuteAsync("delete from book where id = 1", transaction: transaction);
            await connection.ExecuteAsync("delete from book where id = 2");
            transaction.Rollback();
        }

        Assert.Equal(3, await connection.ExecuteScalarAsync<int>("select count(*) from book"));
    }

    [Fact]
    public async Task On_a_closed_connection_it_rents_for_each_call()
    {
        using SqlitePoolConnection connection = _pool.CreateConnection();

        Assert.Equal(3, await connection.ExecuteScalarAsync<int>("select count(*) from book"));

        Assert.False(connection.IsOpen());
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    [Fact]
    public async Task Rows_can_be_streamed()
    {
        using SqlitePoolConnection connection = await _pool.RentAsync();
        List<string> titles = [];

        await foreach (string title in connection.QueryUnbufferedAsync<string>("select title from book order by id"))
        {
            titles.Add(title);
        }

        Assert.Equal(["The Dispossessed", "Solaris", "Fiasco"], titles);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private sealed record Author(long Id, string Name);

    private sealed record Book(long Id, string Title);
}
