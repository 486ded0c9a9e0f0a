namespace Pool.Sqlite.Diagnostics.Records;

/// <summary>
/// Notes on the lease that a connection is out on. Its holder writes them; an inspection of the pool reads them, from
/// any thread, and may see the lease before or after.
/// </summary>
/// <remarks>
/// Nothing is cleared when a lease goes back, which would cost every return: each note carries the number of the rent
/// it was made for, and says nothing of any other.
/// </remarks>
internal sealed class LeaseRecord
{
    private long _rent;
    private long _rentedAt;
    private RentSite? _site;
    private long _readerRent;
    private long _reportedRent;

    /// <summary>
    /// The housekeeper's: which state of the database it saw the lease read from, since when, and beside how much WAL.
    /// </summary>
    public SnapshotObservation? Sight { get; set; }

    /// <summary>Notes when, and perhaps where, a lease was made.</summary>
    public void Rented(long rent, long at, RentSite? site)
    {
        _rentedAt = at;
        if (!ReferenceEquals(_site, site))
        {
            _site = site;
        }

        Volatile.Write(ref _rent, rent);
    }

    /// <summary>The timestamp of the rent, if that was noted.</summary>
    public long? RentedAt(long rent) => Volatile.Read(ref _rent) == rent ? _rentedAt : null;

    public RentSite? SiteOf(long rent) => Volatile.Read(ref _rent) == rent ? _site : null;

    public void RentedAsReader(long rent) => Volatile.Write(ref _readerRent, rent);

    public bool IsReader(long rent) => Volatile.Read(ref _readerRent) == rent;

    /// <summary>True once for each rent: it is to be reported as held too long.</summary>
    public bool TryReport(long rent) => Interlocked.Exchange(ref _reportedRent, rent) != rent;

    public bool WasReported(long rent) => Volatile.Read(ref _reportedRent) == rent;
}
