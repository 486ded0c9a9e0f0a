using System.Data;
using System.Data.Common;
using Dapper;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Integration;

public sealed class DapperTests : IDisposable
{
    private readonly TempDatabase _database = new();
    private readonly SqlitePool _pool;

    public DapperTests()
    {
        _pool = new SqlitePool(_database.Options());
        using SqlitePoolConnection connection = _pool.Rent();
        connection.Execute(
            """
            create table author(id integer primary key, name text);
            create table book(id integer primary key, title text, author int references author(id), price real);
            insert into author values (1, 'Ann'), (2, 'Bob');
            insert into book values (1, 'One', 1, 1.5), (2, 'Two', 1, 2.5), (3, 'Three', 2, null);
            """
        );
    }

    public static TheoryData<bool> Leased => [true, false];

    [Theory]
    [MemberData(nameof(Leased))]
    public async Task Rows_are_mapped_to_several_objects(bool leased)
    {
        await using DbConnection connection = Connect(leased);
        Book[] books =
        [
            .. await connection.QueryAsync<Book, Author, Book>(
                "select b.id, b.title, b.price, a.id, a.name from book b join author a on a.id = b.author order by b.id",
                (book, author) => book with { Author = author }
            ),
        ];
        Assert.Equal(["Ann", "Ann", "Bob"], books.Select(book => book.Author!.Name));
        Assert.Null(books[2].Price);
        AssertGoneBack(connection, leased);
    }

    [Theory]
    [MemberData(nameof(Leased))]
    public async Task A_list_becomes_parameters(bool leased)
    {
        await using DbConnection connection = Connect(leased);
        Assert.Equal(
            ["One", "Three"],
            connection.Query<string>(
                "select title from book where id in @ids order by id",
                new { ids = new[] { 1, 3 } }
            )
        );
        Assert.Empty(
            await connection.QueryAsync<string>(
                "select title from book where id in @ids",
                new { ids = Array.Empty<int>() }
            )
        );
        Assert.Equal(
            2,
            await connection.ExecuteScalarAsync<int>("select count(*) from book where author = @Id", new Author(1, ""))
        );
        AssertGoneBack(connection, leased);
    }

    [Theory]
    [MemberData(nameof(Leased))]
    public async Task Rows_come_one_by_one_when_not_buffered(bool leased)
    {
        await using DbConnection connection = Connect(leased);
        int rows = 0;
        foreach (Book book in connection.Query<Book>("select id, title, price from book order by id", buffered: false))
        {
            Assert.Equal(++rows, book.Id);
        }

        AssertGoneBack(connection, leased);
        Assert.Equal(
            1,
            connection.Query<Book>("select id, title, price from book order by id", buffered: false).First().Id
        );
        await foreach (
            Book book in connection.QueryUnbufferedAsync<Book>("select id, title, price from book order by id")
        )
        {
            rows += (int)book.Id;
        }

        Assert.Equal(9, rows);
        AssertGoneBack(connection, leased);
    }

    [Theory]
    [MemberData(nameof(Leased))]
    public async Task Several_results_come_from_one_text(bool leased)
    {
        await using DbConnection connection = Connect(leased);
        await using (
            SqlMapper.GridReader grid = await connection.QueryMultipleAsync(
                "select * from author where id = @id; select id, title, price from book where author = @id; select count(*) from book",
                new { id = 1 }
            )
        )
        {
            Assert.Equal("Ann", (await grid.ReadSingleAsync<Author>()).Name);
            Assert.Equal(2, (await grid.ReadAsync<Book>()).Count());
            Assert.Equal(3, await grid.ReadSingleAsync<int>());
        }

        AssertGoneBack(connection, leased);
    }

    [Theory]
    [MemberData(nameof(Leased))]
    public async Task A_reader_is_for_the_caller_to_read(bool leased)
    {
        await using DbConnection connection = Connect(leased);
        await using (
            DbDataReader reader = await connection.ExecuteReaderAsync(
                "select title, price from book where id = @id",
                new { id = 2 }
            )
        )
        {
            Assert.True(await reader.ReadAsync());
            Assert.Equal("Two", reader.GetString(0));
            Assert.Equal(2.5m, reader.GetDecimal(1));
        }

        using (DataTable table = new())
        {
            using IDataReader reader = connection.ExecuteReader("select id, title, price from book");
            table.Load(reader);
            Assert.Equal(3, table.Rows.Count);
        }

        AssertGoneBack(connection, leased);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Transactions_commit_and_roll_back(bool leased, bool commits)
    {
        await using DbConnection connection = Connect(leased);
        if (!leased)
        {
            await connection.OpenAsync();
        }

        await using (DbTransaction transaction = await connection.BeginTransactionAsync())
        {
            await connection.ExecuteAsync(
                "insert into author values (@id, @name)",
                new[] { new { id = 3, name = "C" }, new { id = 4, name = "D" } },
                transaction
            );
            Assert.Equal(4, connection.ExecuteScalar<int>("select count(*) from author", transaction: transaction));
            if (commits)
            {
                await transaction.CommitAsync();
            }
        }

        Assert.Equal(commits ? 4 : 2, connection.ExecuteScalar<int>("select count(*) from author"));
    }

    [Fact]
    public async Task Many_at_once_write_without_an_error()
    {
        await Task.WhenAll(
                Enumerable
                    .Range(10, 64)
                    .Select(id =>
                        Task.Run(async () =>
                        {
                            await using SqlitePoolConnection connection = _pool.CreateConnection();
                            Assert.Equal(
                                1,
                                await connection.ExecuteAsync(
                                    "insert into author values (@id, @name)",
                                    new { id, name = $"{id}" }
                                )
                            );
                            Assert.Equal(
                                $"{id}",
                                await connection.QuerySingleAsync<string>(
                                    "select name from author where id = @id",
                                    new { id }
                                )
                            );
                            Assert.Equal(
                                id,
                                await connection.ExecuteScalarAsync<int>(
                                    "update author set name = 'x' where id = @id returning id",
                                    new { id }
                                )
                            );
                        })
                    )
            )
            .Limited();
        await using SqlitePoolConnection check = _pool.CreateConnection();
        Assert.Equal(66, check.ExecuteScalar<int>("select count(*) from author"));
    }

    [Fact]
    public async Task A_token_in_the_command_definition_stops_it()
    {
        await using SqlitePoolConnection connection = _pool.CreateConnection();
        using CancellationTokenSource stop = new();
        Task<int> endless = Task.Run(() =>
            connection.QuerySingleAsync<int>(
                new CommandDefinition(
                    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
                    cancellationToken: stop.Token
                )
            )
        );
        await Limit.Until(() => _pool.GetStatistics().InUse == 1);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless.Limited());
        Assert.Equal(0, _pool.GetStatistics().InUse);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _database.Dispose();
    }

    private SqlitePoolConnection Connect(bool leased) => leased ? _pool.Rent() : _pool.CreateConnection();

    // Dapper opens what is closed, and closes it again.
    private void AssertGoneBack(DbConnection connection, bool leased)
    {
        Assert.Equal(leased, connection.IsOpen());
        Assert.Equal(leased ? 1 : 0, _pool.GetStatistics().InUse);
    }

    private sealed record Author(long Id, string Name);

    private sealed record Book
    {
        public long Id { get; init; }

        public string Title { get; init; } = "";

        public double? Price { get; init; }

        public Author? Author { get; init; }
    }
}
