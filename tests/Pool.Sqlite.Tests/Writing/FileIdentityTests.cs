using System.Diagnostics;
using Pool.Sqlite.Tests.Support;
using Pool.Sqlite.Writing;

namespace Pool.Sqlite.Tests.Writing;

public sealed class FileIdentityTests : IDisposable
{
    private readonly TempDatabase _database = new();

    public void Dispose() => _database.Dispose();

    [Fact]
    public void Links_and_other_spellings_are_the_same_file()
    {
        Assert.SkipUnless(FileIdentity.IsSupported, "This system does not tell a file's identity without opening it.");
        string file = Make("a");
        string link = _database.In("link");
        File.CreateSymbolicLink(link, file);
        string hard = _database.In("hard");
        HardLink(file, hard);
        FileIdentity? identity = FileIdentity.Of(file);
        Assert.NotNull(identity);
        Assert.Equal(identity, FileIdentity.Of(link));
        Assert.Equal(identity, FileIdentity.Of(hard));
        Assert.Equal(
            identity,
            FileIdentity.Of(_database.In("../" + Path.GetFileName(Path.GetDirectoryName(file)) + "/./a"))
        );
        Assert.NotEqual(identity, FileIdentity.Of(Make("b")));
        Assert.True(FileIdentity.AreSame(file, hard));
        Assert.False(FileIdentity.AreSame(file, _database.In("b")));
    }

    [Fact]
    public void A_file_that_replaced_another_is_another()
    {
        Assert.SkipUnless(FileIdentity.IsSupported, "This system does not tell a file's identity without opening it.");
        string file = Make("a");
        using FileStream open = File.OpenRead(file);
        FileIdentity? before = FileIdentity.Of(open.SafeFileHandle);
        Assert.Equal(before, FileIdentity.Of(file));
        File.Delete(file);
        Assert.Null(FileIdentity.Of(file));
        Make("a");
        Assert.NotEqual(before, FileIdentity.Of(file));
        Assert.Equal(before, FileIdentity.Of(open.SafeFileHandle));
    }

    [Fact]
    public void Where_no_file_is_the_key_is_the_full_path() =>
        Assert.Equal(_database.In("none"), FileIdentity.KeyOf(_database.In("none")));

    [Theory]
    [InlineData("symbolic")]
    [InlineData("hard")]
    public async Task Pools_on_two_names_of_one_file_share_a_gate(string kind)
    {
        Assert.SkipUnless(FileIdentity.IsSupported, "This system does not tell a file's identity without opening it.");
        using SqlitePool pool = new(_database.Options());
        using SqlitePoolConnection first = pool.Rent();
        string other = _database.In("other.db");
        if (kind == "hard")
        {
            HardLink(_database.Path, other);
        }
        else
        {
            File.CreateSymbolicLink(other, _database.Path);
        }

        SqlitePoolOptions options = _database.Options();
        options.ConnectionString = $"Data Source={other}";
        WriteGate gate = WriteGate.ForFile(_database.Path);
        Assert.Same(gate, first.Physical.Gate);
        Assert.Same(gate, WriteGate.ForFile(other));

        // Not opened by its hard link: the -wal has the name of its database, so there would be two.
        if (kind == "symbolic")
        {
            await using SqlitePool alias = new(options);
            using SqlitePoolConnection second = alias.Rent();
            Assert.Same(gate, second.Physical.Gate);
        }
    }

    [Fact]
    public async Task The_table_of_gates_forgets_those_of_databases_that_nobody_has_open()
    {
        string[] names = [.. Enumerable.Range(0, 500).Select(n => $"gone-{Guid.NewGuid():n}-{n}")];
        Make(names);
        await Limit.Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !Array.Exists(names, WriteGate.IsKnown);
        });

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Make(string[] names)
        {
            WriteGate[] gates = [.. names.Select(WriteGate.ForMemory)];
            Assert.All(names, static name => Assert.True(WriteGate.IsKnown(name)));
            GC.KeepAlive(gates);
        }
    }

    private static void HardLink(string file, string name)
    {
        using Process link = Process.Start("ln", [file, name]);
        Assert.True(link.WaitForExit(Limit.Length));
        Assert.True(File.Exists(name));
    }

    private string Make(string name)
    {
        File.WriteAllText(_database.In(name), name);
        return _database.In(name);
    }
}
