using Pool.Sqlite.Interleavings;

return Exploration.Run(args);
