using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Pool.Sqlite;

/// <summary>
/// Whether anybody has subscribed to a component's <see cref="Component.Disposed"/>. To raise it, the base class takes
/// a lock each time, which is a fifth of a rent and return; hardly anybody subscribes.
/// </summary>
internal static class ComponentEvents
{
    private static readonly bool CanLook = TryLook();

    /// <summary>True when the base class must be asked to raise the event.</summary>
    public static bool MayHaveSubscribers(Component component) => !CanLook || Events(component) is not null;

    // The field is the runtime's own: where there is none of that name, the base class is asked every time.
    private static bool TryLook()
    {
        try
        {
            using Component component = new();
            return Events(component) is null;
        }
        catch (MissingFieldException)
        {
            return false;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_events")]
    private static extern ref EventHandlerList? Events(Component component);
}
