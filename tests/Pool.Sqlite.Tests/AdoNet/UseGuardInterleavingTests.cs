namespace Pool.Sqlite.Tests.AdoNet;

/// <summary>
/// Runs every interleaving of the calls that can meet on one connection object against the real guard, one atomic step
/// at a time. The steps around the guard are those of <see cref="SqlitePoolConnection"/>: they read and write its entry
/// and its flag, and take entries from a pool that notices an entry with two owners.
/// </summary>
public sealed class UseGuardInterleavingTests
{
    private const string Calls = "open,close,dispose,execute,nested,finalize,change";

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Two_threads_with_two_calls_each_never_share_an_entry(string first, string second)
    {
        ExploreAll(startsOpen: false, first.Split('+'), second.Split('+'));
        ExploreAll(startsOpen: true, first.Split('+'), second.Split('+'));
    }

    [Theory]
    [MemberData(nameof(Triples))]
    public void Three_threads_never_share_an_entry(string first, string second, string third)
    {
        ExploreAll(startsOpen: false, [first], [second], [third]);
        ExploreAll(startsOpen: true, [first], [second], [third]);
    }

    public static TheoryData<string, string> Pairs
    {
        get
        {
            TheoryData<string, string> data = [];
            string[] scripts =
            [
                "open+close",
                "close+open",
                "execute+close",
                "close+execute",
                "open+execute",
                "open+dispose",
                "dispose+open",
                "change+open",
                "close+change",
                "nested+close",
            ];
            for (int i = 0; i < scripts.Length; i++)
            {
                for (int j = i; j < scripts.Length; j++)
                {
                    data.Add(scripts[i], scripts[j]);
                }
            }

            return data;
        }
    }

    public static TheoryData<string, string, string> Triples
    {
        get
        {
            TheoryData<string, string, string> data = [];
            string[] calls = Calls.Split(',');
            for (int i = 0; i < calls.Length; i++)
            {
                for (int j = i; j < calls.Length; j++)
                {
                    for (int k = j; k < calls.Length; k++)
                    {
                        data.Add(calls[i], calls[j], calls[k]);
                    }
                }
            }

            return data;
        }
    }

    /// <summary>
    /// Depth first: each schedule is a list of choices, run from the beginning; the last choice that can grow, grows.
    /// </summary>
    private static void ExploreAll(bool startsOpen, params string[][] scripts)
    {
        List<int> choices = [];
        int schedules = 0;
        do
        {
            schedules++;
            Model model = new(startsOpen);
            List<IEnumerator<int>> threads =
            [
                .. scripts.Select((script, i) => model.Run(i + 1, script).GetEnumerator()),
            ];
            List<int> widths = [];
            while (threads.Count > 0)
            {
                if (choices.Count == widths.Count)
                {
                    choices.Add(0);
                }

                int choice = choices[widths.Count];
                widths.Add(threads.Count);
                if (!threads[choice].MoveNext())
                {
                    threads.RemoveAt(choice);
                }
            }

            model.AssertAtRest(string.Join(',', choices));
            while (choices.Count > 0 && choices[^1] == widths[choices.Count - 1] - 1)
            {
                choices.RemoveAt(choices.Count - 1);
            }

            if (choices.Count > 0)
            {
                choices[^1]++;
            }
        } while (choices.Count > 0);

        Assert.True(schedules > 1);
    }

    /// <summary>One connection object. Every <c>yield</c> is a point where another thread can go on.</summary>
    private sealed class Model
    {
        private readonly HashSet<int> _out = [];
        private UseGuard _guard = UseGuard.ClosedGuard;
        private int _entry;
        private int _entries;
        private int _pool;
        private int _openPool;
        private bool _disposed;

        public Model(bool startsOpen)
        {
            if (startsOpen)
            {
                foreach (int step in Open())
                {
                    _ = step;
                }
            }
        }

        public IEnumerable<int> Run(int thread, string[] script)
        {
            foreach (string call in script)
            {
                IEnumerable<int> steps = call switch
                {
                    "open" => Open(),
                    "close" => Close(),
                    "dispose" => Dispose(),
                    "execute" => Execute(thread, nested: false),
                    "nested" => Execute(thread, nested: true),
                    "finalize" => FinalizeIt(),
                    "change" => ChangePool(),
                    _ => throw new ArgumentException(call),
                };
                foreach (int step in steps)
                {
                    yield return step;
                }
            }
        }

        /// <summary>
        /// Nothing runs any more: what is out is what the connection has, and closing it takes it back.
        /// </summary>
        public void AssertAtRest(string schedule)
        {
            Assert.True(
                _out.Count == (_guard.IsClosed ? 0 : 1),
                $"{_out.Count} are out, closed {_guard.IsClosed}: {schedule}"
            );
            Assert.False(_disposed && !_guard.IsClosed, $"Disposed, and still open: {schedule}");
            if (_guard.TryClose())
            {
                Assert.Equal(_entry, Assert.Single(_out));
                _guard.EndClose();
            }

            Assert.True(_guard.TryBeginOpen(), $"It can never be opened again: {schedule}");
        }

        private IEnumerable<int> Open()
        {
            if (_disposed)
            {
                yield break;
            }

            yield return 0;
            bool begins;
            try
            {
                begins = _guard.TryBeginOpen();
            }
            catch (InvalidOperationException)
            {
                yield break;
            }

            if (!begins)
            {
                yield break;
            }

            yield return 1;
            _openPool = _pool;
            int entry = ++_entries;
            Assert.True(_out.Add(entry));
            yield return 2;
            _entry = entry;
            yield return 3;
            _guard.EndOpen(isOpen: true);
            yield return 4;
            if (_disposed)
            {
                foreach (int step in Close())
                {
                    yield return step;
                }
            }
        }

        private IEnumerable<int> Close()
        {
            if (!_guard.TryClose())
            {
                yield break;
            }

            yield return 10;
            foreach (int step in Return())
            {
                yield return step;
            }
        }

        private IEnumerable<int> Dispose()
        {
            _disposed = true;
            yield return 20;
            foreach (int step in Close())
            {
                yield return step;
            }
        }

        private IEnumerable<int> FinalizeIt()
        {
            _disposed = true;
            yield return 30;
            if (_guard.TryClose())
            {
                yield return 31;
                int entry = _entry;
                yield return 32;
                TakeBack(entry);
                yield return 33;
                _guard.EndClose();
            }
        }

        private IEnumerable<int> Execute(int thread, bool nested)
        {
            if (_guard.TryEnter(thread) != UseAttempt.Entered)
            {
                yield break;
            }

            int used = _entry;
            yield return 40;
            Assert.Contains(used, _out);
            if (nested)
            {
                Assert.NotEqual(UseAttempt.Entered, _guard.TryEnter(thread));
                yield return 41;
            }

            Assert.Equal(used, _entry);
            Assert.Contains(used, _out);
            yield return 42;
            if (_guard.Exit())
            {
                yield return 43;
                foreach (int step in Return())
                {
                    yield return step;
                }
            }
        }

        private IEnumerable<int> ChangePool()
        {
            bool begins;
            try
            {
                begins = _guard.TryBeginOpen();
            }
            catch (InvalidOperationException)
            {
                yield break;
            }

            if (begins)
            {
                yield return 50;
                _pool++;
                yield return 51;
                _guard.EndOpen(isOpen: false);
            }
        }

        private IEnumerable<int> Return()
        {
            int entry = _entry;
            yield return 60;
            TakeBack(entry);
            Assert.Equal(_openPool, _pool);
            yield return 61;
            _guard.EndClose();
        }

        private void TakeBack(int entry) => Assert.True(_out.Remove(entry), $"Entry {entry} was returned twice.");
    }
}
