/** What keys do, wherever one is. What a browser keeps for itself is left alone. */

export const SHORTCUTS = ['search', 'newChat', 'settings', 'next', 'previous', 'help'] as const
export type Shortcut = (typeof SHORTCUTS)[number]

/** What of a keyboard event counts here. */
export type Keys = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/** How each is pressed, for those who ask; `Mod` is the key of the system for commands. */
export const KEYS: Readonly<Record<Shortcut, readonly string[]>> = {
  search: ['Mod', 'K'],
  newChat: ['Alt', 'Shift', 'N'],
  settings: ['Mod', ','],
  next: ['Alt', '↓'],
  previous: ['Alt', '↑'],
  help: ['Mod', '/'],
}

/** Null where the keys mean nothing. By position where a modifier changes what a key writes. */
export function shortcutOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }: Keys): Shortcut | null {
  const mod = ctrlKey !== metaKey
  if (mod && !altKey && !shiftKey && key.toLowerCase() === 'k') return 'search'
  if (mod && !altKey && !shiftKey && key === ',') return 'settings'
  // On many layouts the slash is on an upper row.
  if (mod && !altKey && key === '/') return 'help'
  if (mod || ctrlKey || !altKey) return null
  if (shiftKey) return code === 'KeyN' ? 'newChat' : null
  if (key === 'ArrowDown') return 'next'
  return key === 'ArrowUp' ? 'previous' : null
}

/** The name of the command key on this system. */
export const modName = (platform: string): string => (/Mac|iP(?:hone|ad)/u.test(platform) ? '⌘' : 'Ctrl')
