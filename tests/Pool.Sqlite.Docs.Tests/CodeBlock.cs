using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Pool.Sqlite.Docs.Tests;

/// <summary>One block of C# on a page.</summary>
internal sealed record CodeBlock(string Page, int Line, string Text)
{
    private const string Usings =
        """
        global using System;
        global using System.Collections.Concurrent;
        global using System.Collections.Generic;
        global using System.Data.Common;
        global using System.Globalization;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Data.Sqlite;
        global using Microsoft.EntityFrameworkCore;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        global using Dapper;
        global using Npgsql;
        global using OpenTelemetry.Metrics;
        global using OpenTelemetry.Trace;
        global using Pool.Sqlite;
        global using Pool.Sqlite.Docs.Tests;
        """;

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(static path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>The blocks of a page, in their order.</summary>
    public static IEnumerable<CodeBlock> Of(string page, string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] == "```csharp")
            {
                int end = Array.IndexOf(lines, "```", i);
                yield return new CodeBlock(page, i + 2, string.Join('\n', lines[(i + 1)..end]));
                i = end;
            }
        }
    }

    /// <summary>What the compiler refuses, each with its line on the page.</summary>
    public IEnumerable<string> Errors()
    {
        Type names = Page.Contains("ef-core", StringComparison.Ordinal) || Page.Contains("EntityFrameworkCore", StringComparison.Ordinal)
            ? typeof(EntityFrameworkNames)
            : typeof(PageNames);
        SyntaxTree block = CSharpSyntaxTree.ParseText(Text);
        SyntaxTree usings = CSharpSyntaxTree.ParseText($"{Usings}\nglobal using static {names.FullName};");
        bool isProgram = block.GetCompilationUnitRoot().Members.Any(static member => member is GlobalStatementSyntax);
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Example",
            [block, usings],
            References,
            new CSharpCompilationOptions(
                isProgram ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        return compilation.GetDiagnostics()
            .Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(error => string.Create(CultureInfo.InvariantCulture, $"{Page}, line {LineOf(error)}: {error.Id} {error.GetMessage(CultureInfo.InvariantCulture)}"));
    }

    private int LineOf(Diagnostic error)
    {
        LinePosition start = error.Location.GetLineSpan().StartLinePosition;
        return Line + start.Line;
    }
}
