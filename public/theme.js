/**
 * The chosen theme, before the first paint: a page that turns dark only when the app runs has been light in someone's eyes.
 * The app does it again, and all else (src/ui/appearance/theme.ts).
 */
{
  const theme = localStorage.getItem('gigi.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
}
