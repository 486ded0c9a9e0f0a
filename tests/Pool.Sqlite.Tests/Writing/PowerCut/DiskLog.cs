using System.Buffers.Binary;
using System.Text;

namespace Pool.Sqlite.Tests.Writing.PowerCut;

/// <summary>
/// What <c>powercut.c</c> has logged, and the files as a power failure at some moment would leave them.
/// </summary>
internal sealed class DiskLog
{
    private const int HeaderLength = 21;
    private readonly byte[] _log;
    private readonly List<Record> _records = [];
    private readonly Dictionary<string, byte[]> _before;

    /// <param name="log">The log.</param>
    /// <param name="before">What the files held before it began.</param>
    public DiskLog(byte[] log, Dictionary<string, byte[]> before)
    {
        _log = log;
        _before = before;
        int at = 0;
        while (at + HeaderLength <= log.Length)
        {
            char kind = (char)log[at];
            ReadOnlySpan<byte> header = log.AsSpan(at);
            Record record = new(
                kind,
                BinaryPrimitives.ReadInt32LittleEndian(header[1..]),
                BinaryPrimitives.ReadInt64LittleEndian(header[5..]),
                (int)BinaryPrimitives.ReadInt64LittleEndian(header[13..]),
                at
            );
            int size = HeaderLength + (kind is 'W' or 'N' ? record.Length : 0);
            if (at + size > log.Length)
            {
                break;
            }

            _records.Add(record);
            at += size;
        }
    }

    public int Count => _records.Count;

    /// <summary>The number of the first record after the first that answers something.</summary>
    public int FirstAnswer =>
        _records.FindIndex(record =>
            record.Kind == 'W' && NameOf(record.File).EndsWith("answered", StringComparison.Ordinal)
        ) + 1;

    /// <summary>Which transactions had been answered before a record.</summary>
    public List<long> Answered(int cut) =>
        [
            .. _records
                .Take(cut)
                .Where(record =>
                    record.Kind == 'W' && NameOf(record.File).EndsWith("answered", StringComparison.Ordinal)
                )
                .Select(record => BinaryPrimitives.ReadInt64LittleEndian(Data(record))),
        ];

    /// <summary>The files as they are on disk when the power fails before a record.</summary>
    /// <param name="cut">The number of the record.</param>
    /// <param name="random">Chooses what of the later writes has reached the disk as well; null for nothing.</param>
    /// <param name="early">True to have each sync cover only what stood before the one before it.</param>
    public Dictionary<string, byte[]> FilesAt(int cut, Random? random, bool early)
    {
        Dictionary<int, (long Covers, long Before)> synced = [];
        HashSet<int> deleted = [];
        foreach (Record record in _records.Take(cut))
        {
            if (record.Kind == 'S')
            {
                // Logged as they end: of two that overlap, one that began earlier may end later, and takes nothing back.
                (long Covers, long Before) last = synced.GetValueOrDefault(record.File);
                synced[record.File] = record.Offset > last.Covers ? (record.Offset, last.Covers) : last;
            }
            else if (record.Kind == 'U')
            {
                deleted.Add(record.File);
            }
        }

        Dictionary<string, byte[]> files = new(_before);
        foreach (
            int file in _records
                .Take(cut)
                .Select(static record => record.File)
                .Distinct()
                .Where(file => !deleted.Contains(file))
        )
        {
            string name = NameOf(file);
            if (name.EndsWith("answered", StringComparison.Ordinal))
            {
                continue;
            }

            synced.TryGetValue(file, out (long Covers, long Before) sync);
            long covered = early && name.EndsWith("-wal", StringComparison.Ordinal) ? sync.Before : sync.Covers;
            MemoryStream content = new();
            content.Write(_before.GetValueOrDefault(name) ?? []);
            foreach (Record record in _records.Take(cut).Where(record => record.File == file))
            {
                if (record.At < covered)
                {
                    Apply(content, record, 0, record.Length);
                }
                else if (random is not null)
                {
                    ApplyInPart(content, record, random);
                }
            }

            files[name] = content.ToArray();
        }

        return files;
    }

    // A write, a part of it by sectors, or nothing.
    private void ApplyInPart(MemoryStream content, Record record, Random random)
    {
        const int Sector = 512;
        switch (random.Next(3))
        {
            case 0:
                Apply(content, record, 0, record.Length);
                break;
            case 1 when record.Kind == 'W':
                for (int from = 0; from < record.Length; from += Sector)
                {
                    if (random.Next(2) == 0)
                    {
                        Apply(content, record, from, Math.Min(Sector, record.Length - from));
                    }
                }

                break;
        }
    }

    private void Apply(MemoryStream content, Record record, int from, int length)
    {
        if (record.Kind == 'T')
        {
            content.SetLength(record.Offset);
        }
        else if (record.Kind == 'W')
        {
            long end = record.Offset + from + length;
            if (content.Length < end)
            {
                content.SetLength(end);
            }

            content.Position = record.Offset + from;
            content.Write(Data(record).Slice(from, length));
        }
    }

    private ReadOnlySpan<byte> Data(Record record) => _log.AsSpan(record.At + HeaderLength, record.Length);

    private string NameOf(int file) =>
        Encoding.UTF8.GetString(Data(_records.First(record => record.Kind == 'N' && record.File == file)));

    private readonly record struct Record(char Kind, int File, long Offset, int Length, int At);
}
