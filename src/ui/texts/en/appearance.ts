/** How Gigi looks, and what it speaks. */
export const appearance = {
  appearance: {
    title: 'Appearance',
    language: 'Language',
    systemLanguage: 'System',
  },
}
