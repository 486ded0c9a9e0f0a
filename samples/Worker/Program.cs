using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pool.Sqlite;

// A worker service that records measurements: several producers, one write queue. The host stops the workers, and the
// pool, which is closed with the container, commits what the queue has accepted.
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddSqlitePool().BindConfiguration("SqlitePool").ValidateOnStart();
builder.Services.AddHostedService<Recorder>();
await builder.Build().RunAsync();

internal sealed class Recorder(SqlitePool pool, IHostApplicationLifetime lifetime, ILogger<Recorder> logger)
    : BackgroundService
{
    private const int Producers = 4;
    private const int Measurements = 500;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await pool.ExecuteAsync(
            $"create table if not exists measurement (producer integer, number integer, value real)",
            stoppingToken
        );
        await Task.WhenAll(Enumerable.Range(0, Producers).Select(producer => Record(producer, stoppingToken)));
        long stored = await pool.ReadAsync(
            async connection =>
            {
                using SqlitePoolCommand count = connection.CreateCommand("select count(*) from measurement");
                return (long)(await count.ExecuteScalarAsync(stoppingToken))!;
            },
            stoppingToken
        );
        logger.LogInformation("{Stored} measurements are stored", stored);
        lifetime.StopApplication();
    }

    private async Task Record(int producer, CancellationToken stoppingToken)
    {
        for (int number = 0; number < Measurements; number++)
        {
            double value = Math.Sin(number / 10.0);
            await pool.Writes.ExecuteAsync(
                $"insert into measurement (producer, number, value) values ({producer}, {number}, {value})",
                stoppingToken
            );
        }
    }
}
