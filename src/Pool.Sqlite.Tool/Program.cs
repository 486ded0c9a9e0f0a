using Pool.Sqlite.Tool;

return await CommandLine.Run(args, new Terminal(Console.Out, Console.Error));
