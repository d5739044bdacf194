/** The colours of the page: `styles/tokens.css` has them for the light and for the dark. */

/** system: as the system of this device has it at the moment. */
export const THEMES = ['system', 'light', 'dark'] as const

export type Theme = (typeof THEMES)[number]

/** Where it is kept in localStorage: `public/theme.js` reads it there before the first paint. */
export const THEME_KEY = 'gigi.theme'

/** Puts the page in a theme, and what the browser paints around it. */
export function paint(theme: Theme, { documentElement: root, head }: Document): void {
  if (theme === 'system') delete root.dataset['theme']
  else root.dataset['theme'] = theme
  // index.html has one colour for each scheme; the one that is chosen holds whatever the system says.
  for (const meta of head.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const scheme = meta.dataset['scheme'] ?? ''
    if (theme === 'system') meta.media = `(prefers-color-scheme: ${scheme})`
    else meta.media = theme === scheme ? 'all' : 'not all'
  }
}
