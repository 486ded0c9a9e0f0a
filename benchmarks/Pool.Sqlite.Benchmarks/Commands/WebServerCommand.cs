using System.CommandLine;
using Pool.Sqlite.Benchmarks.Cases;
using Pool.Sqlite.Benchmarks.Measuring;

namespace Pool.Sqlite.Benchmarks.Commands;

/// <summary>The server of the web cases, which the comparison starts.</summary>
internal static class WebServerCommand
{
    public static Command Create()
    {
        // The comparison starts it; people have no use for it.
        Argument<string> file = new("FILE");
        Argument<Role> role = new("ROLE");
        Command command = new(WebServer.Command) { file, role };
        command.Hidden = true;
        command.SetAction(
            (options, _) =>
            {
                Engine.Load();
                return WebServer.Run(options.GetValue(file)!, options.GetValue(role));
            }
        );
        return command;
    }
}
