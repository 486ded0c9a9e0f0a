using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Pool.Sqlite.Tests.Architecture;

/// <summary>
/// Which types of an assembly refer to which others of it: in what they derive from, in fields, signatures and the code
/// of methods. Nested and compiler-generated types count as the type around them.
/// </summary>
internal sealed class TypeReferences : IDisposable
{
    private const string Root = "Pool.Sqlite.";

    private static readonly Dictionary<ushort, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (ushort)code.Value);

    private readonly PEReader _file;
    private readonly MetadataReader _metadata;
    private readonly HashSet<TypeDefinitionHandle> _found = [];
    private readonly Finder _finder;

    private readonly MetadataReaderProvider _symbols;
    private IReadOnlySet<(string From, string To)>? _pairs;

    public TypeReferences(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _metadata = _file.GetMetadataReader();
        _finder = new Finder(this);
        Assert.True(
            _file.TryOpenAssociatedPortablePdb(path, File.OpenRead, out MetadataReaderProvider? symbols, out _),
            "The assembly has no symbols, which tell the folders of its sources."
        );
        _symbols = symbols!;
    }

    /// <summary>
    /// The room of each type: its namespace below Pool.Sqlite, or the folder of its source where the namespace is
    /// Pool.Sqlite itself. A type of that namespace which uses no room is one of the records that every room may use.
    /// </summary>
    public Dictionary<string, string> RoomsOfTypes()
    {
        Dictionary<string, string> rooms = [];
        foreach (TypeDefinitionHandle handle in _metadata.TypeDefinitions)
        {
            TypeDefinition type = _metadata.GetTypeDefinition(handle);
            if (!type.IsNested && RoomOf(type) is { } room)
            {
                rooms[NameOf(handle)] = room;
            }
        }

        // Records use records: the others are taken out until all that is left uses nothing else.
        ILookup<string, string> uses = Read().ToLookup(pair => pair.From, pair => pair.To);
        HashSet<string> records = [.. rooms.Keys.Where(IsInRootNamespace)];
        while (
            records.RemoveWhere(type => uses[type].Any(used => rooms.ContainsKey(used) && !records.Contains(used))) > 0
        ) { }

        foreach (string record in records)
        {
            rooms[record] = "Records";
        }

        return rooms;
    }

    /// <summary>Every pair of a type and another that it refers to, by their full names.</summary>
    public IReadOnlySet<(string From, string To)> Read() => _pairs ??= ReadAll();

    private HashSet<(string From, string To)> ReadAll()
    {
        HashSet<(string, string)> pairs = [];
        foreach (TypeDefinitionHandle handle in _metadata.TypeDefinitions)
        {
            _found.Clear();
            Read(_metadata.GetTypeDefinition(handle));
            string from = NameOf(Outermost(handle));
            foreach (TypeDefinitionHandle found in _found)
            {
                string to = NameOf(Outermost(found));
                if (to != from)
                {
                    pairs.Add((from, to));
                }
            }
        }

        return pairs;
    }

    public void Dispose()
    {
        _symbols.Dispose();
        _file.Dispose();
    }

    private static bool IsInRootNamespace(string type) =>
        type.StartsWith(Root, StringComparison.Ordinal) && !type[Root.Length..].Contains('.', StringComparison.Ordinal);

    private string? RoomOf(TypeDefinition type)
    {
        string space = _metadata.GetString(type.Namespace);
        return space.StartsWith(Root, StringComparison.Ordinal) ? space[Root.Length..]
            : space == "Microsoft.Extensions.DependencyInjection" ? "DependencyInjection"
            : space == "Pool.Sqlite" ? FolderOf(type)
            : null;
    }

    private string FolderOf(TypeDefinition type)
    {
        const string Sources = "/src/Pool.Sqlite/";
        MetadataReader symbols = _symbols.GetMetadataReader();
        foreach (DocumentHandle handle in DocumentsOf(type, symbols))
        {
            string path = symbols.GetString(symbols.GetDocument(handle).Name).Replace('\\', '/');
            int at = path.IndexOf(Sources, StringComparison.Ordinal);
            if (at >= 0 && !path.Contains("/obj/", StringComparison.Ordinal))
            {
                string[] parts = path[(at + Sources.Length)..].Split('/');
                return parts.Length == 1 ? "Face" : parts[0];
            }
        }

        return "Face";
    }

    private static IEnumerable<DocumentHandle> DocumentsOf(TypeDefinition type, MetadataReader symbols) =>
        from method in type.GetMethods()
        let document = symbols.GetMethodDebugInformation(method.ToDebugInformationHandle()).Document
        where !document.IsNil
        select document;

    private void Read(TypeDefinition type)
    {
        Add(type.BaseType);
        foreach (InterfaceImplementationHandle handle in type.GetInterfaceImplementations())
        {
            Add(_metadata.GetInterfaceImplementation(handle).Interface);
        }

        foreach (FieldDefinitionHandle handle in type.GetFields())
        {
            _metadata.GetFieldDefinition(handle).DecodeSignature(_finder, null);
        }

        foreach (MethodDefinitionHandle handle in type.GetMethods())
        {
            MethodDefinition method = _metadata.GetMethodDefinition(handle);
            method.DecodeSignature(_finder, null);
            if (method.RelativeVirtualAddress != 0)
            {
                Read(_file.GetMethodBody(method.RelativeVirtualAddress));
            }
        }
    }

    private void Read(MethodBodyBlock body)
    {
        if (!body.LocalSignature.IsNil)
        {
            _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_finder, null);
        }

        BlobReader code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            ushort value = code.ReadByte();
            value = value == 0xFE ? (ushort)((value << 8) | code.ReadByte()) : value;
            switch (OpCodesByValue[value].OperandType)
            {
                case OperandType.InlineTok
                or OperandType.InlineType
                or OperandType.InlineMethod
                or OperandType.InlineField:
                    Add(System.Reflection.Metadata.Ecma335.MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += targets * 4;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += 8;
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset += 1;
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }

    private void Add(EntityHandle handle)
    {
        if (handle.IsNil)
        {
            return;
        }

        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                _found.Add((TypeDefinitionHandle)handle);
                break;
            case HandleKind.TypeSpecification:
                _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_finder, null);
                break;
            case HandleKind.MethodDefinition:
                Add(_metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                Add(_metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                Add(_metadata.GetMemberReference((MemberReferenceHandle)handle).Parent);
                break;
            case HandleKind.MethodSpecification:
                MethodSpecification method = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                method.DecodeSignature(_finder, null);
                Add(method.Method);
                break;
        }
    }

    private TypeDefinitionHandle Outermost(TypeDefinitionHandle handle)
    {
        for (
            TypeDefinitionHandle outer = handle;
            !outer.IsNil;
            outer = _metadata.GetTypeDefinition(handle).GetDeclaringType()
        )
        {
            handle = outer;
        }

        return handle;
    }

    private string NameOf(TypeDefinitionHandle handle)
    {
        TypeDefinition type = _metadata.GetTypeDefinition(handle);
        return $"{_metadata.GetString(type.Namespace)}.{_metadata.GetString(type.Name)}";
    }

    /// <summary>Notes every type of the assembly that a signature names.</summary>
    private sealed class Finder(TypeReferences owner) : ISignatureTypeProvider<bool, object?>
    {
        public bool GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
            owner._found.Add(handle);

        public bool GetTypeFromSpecification(
            MetadataReader reader,
            object? genericContext,
            TypeSpecificationHandle handle,
            byte rawTypeKind
        ) => reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public bool GetArrayType(bool elementType, ArrayShape shape) => false;

        public bool GetByReferenceType(bool elementType) => false;

        public bool GetFunctionPointerType(MethodSignature<bool> signature) => false;

        public bool GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) => false;

        public bool GetGenericMethodParameter(object? genericContext, int index) => false;

        public bool GetGenericTypeParameter(object? genericContext, int index) => false;

        public bool GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) => false;

        public bool GetPinnedType(bool elementType) => false;

        public bool GetPointerType(bool elementType) => false;

        public bool GetPrimitiveType(PrimitiveTypeCode typeCode) => false;

        public bool GetSZArrayType(bool elementType) => false;

        public bool GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => false;
    }
}
