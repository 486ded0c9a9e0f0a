using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Pool.Sqlite.Chaos;

/// <summary>One of the tasks: it does one action after the other, and checks what each ends with.</summary>
internal sealed class Worker(ChaosRound round, int number, Random random)
{
    private long _began;
    private string? _now;

    public Random Random => random;

    public SqlitePool Pool => round.Pool;

    public Ledger Ledger => round.Ledger;

    public Faults Faults => round.Faults;

    public ChaosRound Round => round;

    /// <summary>The token of the action; cancelled at a random moment, or never.</summary>
    public CancellationToken Token { get; private set; }

    /// <summary>The action that runs, for the register.</summary>
    public string Name => $"task {number}, {_now}";

    /// <summary>How long the action has been running; null in between.</summary>
    public (string Action, TimeSpan Since)? Running =>
        Volatile.Read(ref _now) is { } name ? (name, Stopwatch.GetElapsedTime(Volatile.Read(ref _began))) : null;

    public async Task Run()
    {
        while (!round.IsOver && !Faults.Any)
        {
            ChaosAction action = ChaosActions.Pick(random);
            Volatile.Write(ref _began, Stopwatch.GetTimestamp());
            Volatile.Write(ref _now, action.Name);
            await Do(action);
            Volatile.Write(ref _now, null);
            round.NoteAction();
            if (random.Next(4) == 0)
            {
                await Task.Delay(random.Next(4));
            }
        }
    }

    /// <summary>Registers a lease as held until the entry is disposed.</summary>
    public LeaseRegister.Entry Hold(SqlitePoolConnection lease) => round.Register.Add(lease, Name, random.Next(3) == 0);

    public bool Chance(int percent) => random.Next(100) < percent;

    private async Task Do(ChaosAction action)
    {
        using CancellationTokenSource? cancel = Chance(25) ? new CancellationTokenSource() : null;
        Token = cancel?.Token ?? CancellationToken.None;
        if (cancel is not null && Chance(5))
        {
            await cancel.CancelAsync();
        }

        cancel?.CancelAfter(random.Next(0, 25));
        try
        {
            // On a flow of its own: no mark of one action may reach the next.
            await Task.Run(() => action.Run(this));
        }
        catch (Exception e) when (IsExpected(e)) { }
        catch (Exception e)
        {
            Faults.Add($"{Name}: {e}{Environment.NewLine}  Meanwhile: {round.Describe()}");
        }
    }

    private bool IsExpected(Exception e) =>
        e switch
        {
            ChaosException => true,
            OperationCanceledException canceled => Token.IsCancellationRequested || IsEnd(canceled),
            SqlitePoolTimeoutException => true,
            ObjectDisposedException => round.IsClosing,
            SqliteException error => round.Trouble.Explains(error)
                || (error.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT && Token.IsCancellationRequested),
            _ => false,
        };

    private bool IsEnd(OperationCanceledException _) => round.IsClosing;
}
