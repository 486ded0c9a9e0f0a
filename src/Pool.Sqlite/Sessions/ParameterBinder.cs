using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pool.Sqlite.Sessions;

/// <summary>
/// Binds the everyday types straight to a native statement. Everything else (dates, GUIDs, decimals, missing or extra
/// parameters, sizes) is left to the driver, whose rules and messages those are.
/// </summary>
internal static class ParameterBinder
{
    private const int StackBytes = 512;

    /// <summary>Binds the values; what is not an everyday type the driver binds.</summary>
    /// <exception cref="InvalidOperationException">A value is missing, or of a type that cannot be stored.</exception>
    public static void Bind(Statement statement, SqliteParameterCollection? parameters)
    {
        if (TryBind(statement, parameters))
        {
            return;
        }

        int bound = parameters is null ? 0 : BindByDriver(parameters, statement.Native, raw.sqlite3_db_handle(statement.Native));
        if (bound != statement.ParameterNames.Length && !statement.IsExplain)
        {
            IEnumerable<string?> missing = statement.ParameterNames.Where(
                name => parameters is not null && !parameters.Cast<SqliteParameter>().Any(parameter => parameter.ParameterName == name));
            throw new InvalidOperationException(
                $"Must add values for the following parameters: {string.Join(", ", missing)}");
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Bind")]
    private static extern int BindByDriver(SqliteParameterCollection parameters, sqlite3_stmt statement, sqlite3 database);

    /// <summary>False when this is one for the driver; the statement may then have some values bound.</summary>
    private static bool TryBind(Statement statement, SqliteParameterCollection? parameters)
    {
        string?[] names = statement.ParameterNames;
        int count = parameters?.Count ?? 0;
        if (count != names.Length)
        {
            return false;
        }

        for (int i = 0; i < names.Length; i++)
        {
            if (names[i] is not { } name
                || Find(parameters!, name, i, statement.PrefixIsOptional) is not { } parameter
                || !TryBind(statement.Native, i + 1, parameter))
            {
                return false;
            }
        }

        return true;
    }

    // Most often they stand in the order of the statement.
    private static SqliteParameter? Find(
        SqliteParameterCollection parameters, string name, int likely, bool prefixIsOptional)
    {
        if (parameters[likely] is { } first && IsNamed(first, name, prefixIsOptional))
        {
            return first;
        }

        SqliteParameter? found = null;
        for (int i = 0; i < parameters.Count; i++)
        {
            if (IsNamed(parameters[i], name, prefixIsOptional))
            {
                if (found is not null)
                {
                    return null;
                }

                found = parameters[i];
            }
        }

        return found;
    }

    private static bool IsNamed(SqliteParameter parameter, string name, bool prefixIsOptional)
    {
        string own = parameter.ParameterName;
        return own.Length == name.Length
            ? own == name
            : prefixIsOptional && own.Length == name.Length - 1 && own[0] is not ('$' or '@' or ':')
                && name.AsSpan(1).SequenceEqual(own);
    }

    private static bool TryBind(sqlite3_stmt statement, int index, SqliteParameter parameter)
    {
        if (parameter.Direction != System.Data.ParameterDirection.Input)
        {
            return false;
        }

        int result;
        switch (parameter.Value)
        {
            case long value:
                result = raw.sqlite3_bind_int64(statement, index, value);
                break;
            case int value:
                result = raw.sqlite3_bind_int64(statement, index, value);
                break;
            case bool value:
                result = raw.sqlite3_bind_int64(statement, index, value ? 1 : 0);
                break;
            case double value when !double.IsNaN(value):
                result = raw.sqlite3_bind_double(statement, index, value);
                break;
            case string value when value.Length > 0 && parameter.Size >= value.Length && !value.Contains('\0'):
                result = BindText(statement, index, value);
                break;
            case byte[] value when value.Length > 0 && parameter.Size >= value.Length:
                result = raw.sqlite3_bind_blob(statement, index, value);
                break;
            case DBNull:
                result = raw.sqlite3_bind_null(statement, index);
                break;
            default:
                return false;
        }

        return result == raw.SQLITE_OK;
    }

    private static int BindText(sqlite3_stmt statement, int index, string value)
    {
        if (value.Length > StackBytes / 3)
        {
            return raw.sqlite3_bind_text(statement, index, value);
        }

        Span<byte> utf8 = stackalloc byte[StackBytes];
        return raw.sqlite3_bind_text(statement, index, utf8[..Encoding.UTF8.GetBytes(value, utf8)]);
    }
}
