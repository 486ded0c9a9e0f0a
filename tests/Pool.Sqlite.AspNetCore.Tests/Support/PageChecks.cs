namespace Pool.Sqlite.AspNetCore.Tests.Support;

/// <summary>Questions to a page, asked in its own language.</summary>
internal static class PageChecks
{
    /// <summary>
    /// Every visible text whose contrast with what is behind it is below 4.5 to 1, the least that WCAG's level AA
    /// allows.
    /// </summary>
    public const string TooFaint = """
        () => {
          const channels = color => color.match(/[\d.]+/g).map(Number);
          const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
            .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
            .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = element => {
            for (let e = element; e; e = e.parentElement) {
              const color = channels(getComputedStyle(e).backgroundColor);
              if (color.length === 3 || color[3] === 1) return color;
            }
            return [255, 255, 255];
          };
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), faint = new Set();
          while (walker.nextNode()) {
            const e = walker.currentNode.parentElement;
            if (!walker.currentNode.data.trim() || !e.checkVisibility() || /^(script|style)$/i.test(e.tagName)) continue;
            const [a, b] = [light(channels(getComputedStyle(e).color)), light(behind(e))];
            const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (contrast < 4.5) faint.add(`${contrast.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 30)}`);
          }
          return [...faint].join('; ');
        }
        """;
}
