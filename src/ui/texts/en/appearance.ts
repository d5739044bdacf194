import type { Theme } from '../../appearance/theme.ts'

/** How Gigi looks, and what it speaks. */
export const appearance = {
  appearance: {
    title: 'Appearance',
    language: 'Language',
    systemLanguage: 'System',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' } satisfies Record<Theme, string>,
  },
}
