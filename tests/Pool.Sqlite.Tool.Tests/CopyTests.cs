using Npgsql;

namespace Pool.Sqlite.Tool.Tests;

/// <summary>Copies to a real PostgreSQL server.</summary>
public sealed class CopyTests(PostgresServer server) : ToolTest, IClassFixture<PostgresServer>
{
    private const string Shop = """
        create table customers (id integer primary key, name text not null, active boolean not null default 1, created datetime);
        create table orders (
            id integer primary key autoincrement, customer_id integer not null references customers on delete cascade,
            total decimal(10, 2), paid real, data blob, key uuid, day date, at time, zoned datetimeoffset, extra json);
        create index orders_customer on orders (customer_id);
        create table tags (order_id integer references orders (id), tag varchar(20), primary key (order_id, tag)) without rowid;
        create table tree (id integer primary key, parent integer references tree (id));
        insert into customers values (1, 'Änne', 1, '2026-01-02 03:04:05.1234567'), (2, 'Bob', 0, null), (40, '', 1, '2026-01-02T03:04');
        insert into orders values
            (7, 1, 12.5, 0.1, x'00ff', 'D2F0A8C1-0D3E-4B57-9C1E-6F0A1B2C3D4E', '2026-02-03', '10:20:30.5', '2026-02-03 10:00:00+02:00', '{"a": [1, 2]}'),
            (9, 40, '99999999.99', -0.0, null, null, null, null, '2026-02-03T08:00:00Z', null);
        insert into tags values (7, 'new'), (9, 'new'), (9, 'ü');
        insert into tree values (1, 3), (2, 1), (3, null);
        create view v as select 1;
        """;

    [Fact]
    public async Task Everything_is_created_copied_and_compared()
    {
        string target = await Target();
        Make(Shop);

        (int code, string output, string error) = await Run("copy", File1, "--to", target, "--create-tables");

        Assert.True(code == ExitCode.Success, error);
        Assert.Contains("11 rows of 4 tables are copied and compared", output, StringComparison.Ordinal);
        Assert.Contains("The view 'v' is not copied", error, StringComparison.Ordinal);
        Assert.Equal(
            "Änne|t|2026-01-02 03:04:05.123456",
            await Query(target, "select name || '|' || active::char " + "|| '|' || created from customers where id = 1")
        );
        Assert.Equal(
            "12.5|0.1|00ff|d2f0a8c1-0d3e-4b57-9c1e-6f0a1b2c3d4e|2026-02-03|10:20:30.5|2026-02-03 08:00:00",
            await Query(
                target,
                "select concat_ws('|', total, paid, encode(data, 'hex'), key, day, at, zoned at time zone 'utc') "
                    + "from orders where id = 7"
            )
        );
        Assert.Equal("99999999.99", await Query(target, "select total from orders where id = 9"));

        // The next id follows the largest; the keys hold.
        Assert.Equal("41", await Query(target, "insert into customers (name) values ('next') returning id"));
        Assert.Equal("10", await Query(target, "insert into orders (customer_id) values (1) returning id"));
        Assert.Equal("true", await Query(target, "select active::text from customers where name = 'next'"));
        await Assert.ThrowsAsync<PostgresException>(() =>
            Query(target, "insert into orders (customer_id) values " + "(999)")
        );
        Assert.Equal("1", await Query(target, "select count(*) from pg_indexes where indexname = 'orders_customer'"));
    }

    [Fact]
    public async Task Tables_that_exist_are_filled_in_the_order_of_their_foreign_keys()
    {
        string target = await Target();
        Make(
            "create table a_child (p integer references z_parent (id)); create table z_parent (id integer primary "
                + "key, Name varchar(3)); "
                + "insert into z_parent values (1, 'abc'), (2, 'üöä'); insert into a_child values (1), (2), (null)"
        );
        await Query(
            target,
            "create table z_parent (id serial primary key, name varchar(3)); create table a_child (p int not null "
                + "default 1 references z_parent (id)); "
                + "alter table a_child alter p drop not null"
        );

        (int code, string output, string error) = await Run("copy", File1, "--to", target);

        Assert.True(code == ExitCode.Success, error);
        Assert.Contains("5 rows of 2 tables", output, StringComparison.Ordinal);
        Assert.Equal("3", await Query(target, "insert into z_parent (name) values ('x') returning id"));
    }

    [Fact]
    public async Task A_value_that_does_not_fit_is_told_by_its_place_and_nothing_is_copied()
    {
        string target = await Target();
        Make(
            "create table good (x integer); insert into good values (1); create table z_bad (id integer primary "
                + "key, n integer, b boolean); "
                + "insert into z_bad values (1, 1, 1), (5, 'a secret', 2), (6, 3, 'maybe')"
        );

        (int code, _, string error) = await Run("copy", File1, "--to", target, "--create-tables");

        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains(
            "Table 'z_bad', column 'n', rowid 5: the value (a text) does not fit " + "bigint.",
            error,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "column 'b', rowid 5: the value (an integer) does not fit " + "boolean.",
            error,
            StringComparison.Ordinal
        );
        Assert.Contains("column 'b', rowid 6", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
        Assert.DoesNotContain("maybe", error, StringComparison.Ordinal);
        Assert.Equal("0", await Query(target, "select count(*) from pg_tables where schemaname = 'public'"));
    }

    [Fact]
    public async Task Text_that_is_no_text_is_refused_and_one_that_only_looks_so_is_copied()
    {
        string target = await Target();
        Make("create table t (x text check (x <> '')); insert into t values (char(0xfffd) || 'ok')");
        (int code, _, string error) = await Run("copy", File1, "--to", target, "--create-tables");
        Assert.True(code == ExitCode.Success, error);
        Assert.Contains("CHECK", error, StringComparison.Ordinal);
        Make("insert into t values (cast(x'ff41' as text))");
        (code, _, error) = await Run("copy", File1, "--to", await server.MakeDatabase(), "--create-tables");
        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains("column 'x', rowid 2: the value (a text) does not fit text.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_refers_to_nothing_leaves_nothing_behind()
    {
        string target = await Target();
        Make(
            "pragma foreign_keys = off; create table p (id integer primary key); create table c (p integer "
                + "references p); insert into c values (5)"
        );
        (int code, _, string error) = await Run("copy", File1, "--to", target, "--create-tables");
        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains("foreign key", error, StringComparison.Ordinal);
        Assert.Equal("0", await Query(target, "select count(*) from pg_tables where schemaname = 'public'"));
    }

    [Fact]
    public async Task What_a_trigger_changes_on_the_way_is_noticed()
    {
        string target = await Target();
        Make("create table t (x integer); insert into t values (1), (2)");
        await Query(
            target,
            "create table t (x int); create function f() returns trigger language plpgsql as $$ begin new.x := 7; "
                + "return new; end $$; "
                + "create trigger g before insert on t for each row execute function f()"
        );
        (int code, _, string error) = await Run("copy", File1, "--to", target);
        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains("differs", error, StringComparison.Ordinal);
        Assert.Equal("0", await Query(target, "select count(*) from t"));
    }

    [Theory]
    [InlineData("create table t (x int); insert into t values (1)", "not empty")]
    [InlineData("create table other (x int)", "no table 't'")]
    [InlineData("create table t (y int)", "no column 'x'")]
    [InlineData("create table t (x point)", "type point")]
    public async Task A_table_that_cannot_be_copied_to_is_told(string sql, string said)
    {
        string target = await Target();
        Make("create table t (x integer); insert into t values (1)");
        await Query(target, sql);
        (int code, _, string error) = await Run("copy", File1, "--to", target);
        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_without_a_type_gets_that_of_its_values()
    {
        string target = await Target();
        Make("create table t (a, b, c, d); insert into t values (1, 'x', 1.5, null), (2, 'y', 3, null)");
        Assert.Equal(
            ExitCode.Success,
            (await Run("copy", File1, "--to", target, "--create-tables", "--schema", "public")).Code
        );
        Assert.Equal(
            "bigint,text,double precision,text",
            await Query(
                target,
                "select string_agg(data_type, ',' order by ordinal_position) from "
                    + "information_schema.columns where table_name = 't'"
            )
        );
        Make("create table u (a); insert into u values (1), ('x')");
        string error = (await Run("copy", File1, "--to", await server.MakeDatabase(), "--create-tables")).Error;
        Assert.Contains("column 'a' of 'u'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Types_that_change_the_form_of_a_value_compare_equal()
    {
        string target = await Target();
        Make(
            """
            create table t (id integer primary key, j text, n text, c text, s integer);
            insert into t values (1, '{"b": 1.50, "a": [true, null, "ü"], "b": 2e1}', '1.5', 'ab', -5), (2, null, null, null, null);
            """
        );
        await Query(
            target,
            "create table t (id int generated always as identity, j jsonb, n numeric(10, 4), c "
                + "char(5), s smallint)"
        );
        (int code, _, string error) = await Run("copy", File1, "--to", target);
        Assert.True(code == ExitCode.Success, error);
        Assert.Equal("20", await Query(target, "select j ->> 'b' from t where id = 1"));
        Assert.Equal("3", await Query(target, "insert into t (s) values (1) returning id"));
    }

    [Fact]
    public async Task A_copy_that_is_stopped_leaves_nothing_behind()
    {
        string target = await Target();
        Make(
            "create table t (x integer); with n (i) as (select 1 union all select i + 1 from n where i < 80000) "
                + "insert into t select i from n"
        );
        using CancellationTokenSource stop = new();
        Task<int> copy = CommandLine.Run(
            ["copy", File1, "--to", target, "--create-tables"],
            new Terminal(TextWriter.Null, new StopAtFirstLine(stop)),
            stop.Token
        );
        Assert.Equal(ExitCode.Failure, await copy.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal("0", await Query(target, "select count(*) from pg_tables where schemaname = 'public'"));
    }

    [Fact]
    public async Task Many_rows_arrive()
    {
        string target = await Target();
        Make(
            "create table t (id integer primary key, x text); with n (i) as (select 1 union all select i + 1 from "
                + "n where i < 60000) insert into t select i, 'row ' || i from n"
        );
        (int code, string output, string error) = await Run("copy", File1, "--to", target, "--create-tables");
        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("60,000 rows of 1 tables", output, StringComparison.Ordinal);
        Assert.Contains("t: 50,000 rows", error, StringComparison.Ordinal);
    }

    private async Task<string> Target()
    {
        server.Require();
        return await server.MakeDatabase();
    }

    private sealed class StopAtFirstLine(CancellationTokenSource stop) : StringWriter
    {
        public override void WriteLine(string? value) => stop.Cancel();
    }

    private static async Task<string?> Query(string target, string sql)
    {
        await using NpgsqlConnection connection = new(target);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
