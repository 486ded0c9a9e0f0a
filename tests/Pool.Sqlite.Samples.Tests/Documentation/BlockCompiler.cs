using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Pool.Sqlite.Samples.Tests.Documentation;

/// <summary>Compiles blocks of C# as a new web project would, against the packages of this repository.</summary>
internal static class BlockCompiler
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Net.Http.Json;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        """;

    // What a part of a program may take for given.
    private const string Surroundings = """
        global using System.Collections.Concurrent;
        global using System.Data.Common;
        global using System.Globalization;
        global using Microsoft.Data.Sqlite;
        global using Microsoft.EntityFrameworkCore;
        global using Npgsql;
        global using OpenTelemetry;
        global using OpenTelemetry.Metrics;
        global using OpenTelemetry.Trace;
        global using Pool.Sqlite;
        global using static Given;

        public sealed class Order
        {
            public long Id { get; set; }
        }

        public sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
        {
            public DbSet<Order> Orders => Set<Order>();
        }

        public static class Given
        {
            public static readonly WebApplicationBuilder builder = null!;
            public static readonly WebApplication app = null!;
            public static readonly IServiceCollection services = null!;
            public static readonly ILoggerFactory loggerFactory = null!;
            public static readonly SqlitePool pool = null!;
            public static readonly SqlitePoolConnection connection = null!;
            public static readonly ShopContext context = null!;
            public static readonly List<Order> orders = [];
            public static readonly List<Order> items = [];
            public static readonly IProgress<BackupProgress> progress = null!;
            public static readonly OPTIONS options = null!;
            public static readonly CancellationToken cancellationToken;
            public static readonly DateTime at;
            public static readonly double value;
            public static readonly string customer = "";
            public static readonly string line = "";
            public static readonly string user = "";
            public static readonly string name = "";
            public static readonly long id;

            public static void Register(SqliteConnection connection)
            {
            }
        }
        """;

    private static readonly CSharpParseOptions Parse = new(LanguageVersion.Latest);

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(static path => path != typeof(BlockCompiler).Assembly.Location)
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>What the compiler has against a block: errors, nulls, and what is obsolete.</summary>
    public static IEnumerable<string> Errors(CodeBlock block)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(block.Code, Parse);
        string surroundings = Surroundings.Replace(
            "OPTIONS",
            block.IsAboutEntities ? "DbContextOptionsBuilder" : "SqlitePoolOptions",
            StringComparison.Ordinal
        );
        SyntaxTree[] trees = block.IsProgram
            ? [tree, CSharpSyntaxTree.ParseText(ImplicitUsings, Parse)]
            :
            [
                tree,
                CSharpSyntaxTree.ParseText(ImplicitUsings, Parse),
                CSharpSyntaxTree.ParseText(surroundings, Parse),
            ];
        bool isProgram = tree.GetCompilationUnitRoot().Members.OfType<GlobalStatementSyntax>().Any();
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Block",
            trees,
            References,
            new CSharpCompilationOptions(
                isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable
            )
        );
        return compilation.GetDiagnostics().Where(IsFault).Select(fault => Place(block, fault));
    }

    private static bool IsFault(Diagnostic diagnostic) =>
        diagnostic.Severity == DiagnosticSeverity.Error
        || diagnostic.Id.StartsWith("CS86", StringComparison.Ordinal)
        || diagnostic.Id is "CS0618";

    private static string Place(CodeBlock block, Diagnostic fault) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{block.Page}:{block.Line + fault.Location.GetLineSpan().StartLinePosition.Line}: {fault.Id} {fault.GetMessage(CultureInfo.InvariantCulture)}"
        );
}
