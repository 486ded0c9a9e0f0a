using Pool.Sqlite.Pooling;
using Pool.Sqlite.Tests.Support;

namespace Pool.Sqlite.Tests.Pooling;

public sealed class PerCoreSlotsTests
{
    [Fact]
    public void What_was_put_in_is_found_once()
    {
        PerCoreSlots<string> slots = new(4);

        Assert.Null(slots.TryTake());
        Assert.True(slots.TryPut("a"));
        Assert.Equal("a", slots.TryTake());
        Assert.Null(slots.TryTake());
    }

    [Fact]
    public void A_slot_holds_one()
    {
        PerCoreSlots<string> slots = new(1);
        Assert.True(slots.TryPut("a"));

        Assert.False(slots.TryPut("b"));

        Assert.Equal("a", slots.TryTake());
        Assert.True(slots.TryPut("b"));
    }

    [Fact]
    public void Only_the_very_item_is_taken_out()
    {
        PerCoreSlots<object> slots = new(4);
        object item = new();
        Assert.False(slots.TryRemove(item));
        slots.TryPut(item);

        Assert.False(slots.TryRemove(new object()));
        Assert.True(slots.TryRemove(item));
        Assert.False(slots.TryRemove(item));
        Assert.Null(slots.TryTake());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Any_number_of_slots_works(int wanted)
    {
        PerCoreSlots<string> slots = new(wanted);

        Assert.True(slots.TryPut("a"));
        Assert.Equal("a", slots.TryTake());
    }

    [Fact]
    public async Task Nothing_is_lost_or_found_twice_however_many_put_take_and_remove()
    {
        PerCoreSlots<FakeItem> slots = new(4);
        List<string> faults = [];
        FakeItem[] items = [.. Enumerable.Range(0, 12).Select(number => new FakeItem(number, Fault))];
        int home = 0;

        void Fault(string fault)
        {
            lock (faults)
            {
                faults.Add(fault);
            }
        }

        // Each worker brings three items along and ends with three, whichever they are.
        void Work(int worker)
        {
            Stack<FakeItem> mine = new(items[(worker * 3)..((worker * 3) + 3)]);
            foreach (FakeItem item in mine)
            {
                item.Take("its first worker");
            }

            for (int i = 0; i < 100_000; i++)
            {
                if (mine.TryPop(out FakeItem? item))
                {
                    item.LetGo();
                    if (!slots.TryPut(item) || (i % 5 == 0 && slots.TryRemove(item)))
                    {
                        item.Take("a worker that kept it");
                        mine.Push(item);
                    }
                }

                if ((i + worker) % 3 != 0 && slots.TryTake() is { } other)
                {
                    other.Take("a worker that took it");
                    mine.Push(other);
                }
            }

            Interlocked.Add(ref home, mine.Count);
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Limit.OnThread(() => Work(i)))).Limited();

        int left = 0;
        while (slots.TryTake() is not null)
        {
            left++;
        }

        Assert.Empty(faults);
        Assert.Equal(items.Length, home + left);
    }
}
