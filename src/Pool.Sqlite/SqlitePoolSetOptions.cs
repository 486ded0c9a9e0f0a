namespace Pool.Sqlite;

/// <summary>
/// Every setting of a <see cref="SqlitePoolSet"/>. The set copies and checks them when it is made; later changes do
/// nothing.
/// </summary>
public sealed class SqlitePoolSetOptions
{
    /// <summary>
    /// The folder of the databases. It is made when the first is opened for writing. The file of a key is
    /// <c>key</c> + <see cref="Extension"/> in it, unless <see cref="FileName"/> says otherwise.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>
    /// The end of a file name, with its dot. Default <c>.db</c>. Not used where <see cref="FileName"/> is set.
    /// </summary>
    public string Extension { get; set; } = ".db";

    /// <summary>
    /// Gives the file of a key, which has been checked by then: a path inside <see cref="Folder"/>, or any path when
    /// there is no folder. Each key needs a file of its own. Default: none, see <see cref="Folder"/>.
    /// </summary>
    public Func<string, string>? FileName { get; set; }

    /// <summary>
    /// Gives the keys of all databases, for <see cref="SqlitePoolSet.FindKeys"/>. Default: none, the files of
    /// <see cref="Folder"/>. Needed where <see cref="FileName"/> is set.
    /// </summary>
    public Func<IEnumerable<string>>? ListKeys { get; set; }

    /// <summary>
    /// The settings of each pool. Its connection string has no <c>Data Source</c> and may be empty; with
    /// <c>Mode=ReadWrite</c> a file that does not exist is an error instead of being made. A pool's name is its key,
    /// after this name and a slash if there is one. <see cref="SqlitePoolOptions.MinIdle"/> must be 0. The defaults are
    /// those of a pool.
    /// </summary>
    public SqlitePoolOptions Pool { get; private set; } = new();

    /// <summary>
    /// Changes the settings of one pool before it is made: gets its key and a copy of <see cref="Pool"/> with the
    /// connection string of its file. For a password of its own, for example. Default: none.
    /// </summary>
    public Action<string, SqlitePoolOptions>? Configure { get; set; }

    /// <summary>
    /// The number of connections that all pools together may have open, those of writers and write queues included.
    /// Default 256. When they are used up, the least recently used idle one of any pool is closed; when none is idle,
    /// rents wait, first come first served across all pools, until <see cref="SqlitePoolOptions.RentTimeout"/>. Each
    /// takes up to three file descriptors.
    /// </summary>
    public int MaxOpenConnections { get; set; } = 256;

    /// <summary>
    /// The number of pools that are kept. Default 1,000. For one more, the least recently used of those
    /// that are not in use is closed. Pools in use are never closed, so while more than this are, more are kept.
    /// </summary>
    public int MaxOpenPools { get; set; } = 1_000;

    /// <summary>
    /// The time after which a pool that was not used is closed as a whole. Default 5 minutes; infinite keeps it.
    /// </summary>
    public TimeSpan PoolIdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    // What a configuration says that cannot be taken: reported with everything else that is wrong.
    internal List<string> Misread { get; private set; } = [];

    internal SqlitePoolSetOptions Clone()
    {
        SqlitePoolSetOptions copy = (SqlitePoolSetOptions)MemberwiseClone();
        copy.Pool = Pool.Clone();
        copy.Misread = [.. Misread];
        return copy;
    }
}
