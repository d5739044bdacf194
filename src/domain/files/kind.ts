/**
 * What a file is shown as, by the type that its sender claims. Only types that a browser shows without running anything are
 * known; a file of any other type is bytes to be saved.
 */

export type FileKind = 'picture' | 'video' | 'audio' | 'file'

// No SVG and no HTML, which are programs; no PDF, whose readers run scripts.
const TYPES: ReadonlyMap<string, FileKind> = new Map([
  ['image/jpeg', 'picture'],
  ['image/png', 'picture'],
  ['image/gif', 'picture'],
  ['image/webp', 'picture'],
  ['video/mp4', 'video'],
  ['video/webm', 'video'],
  ['video/quicktime', 'video'],
  ['audio/mpeg', 'audio'],
  ['audio/mp4', 'audio'],
  ['audio/aac', 'audio'],
  ['audio/ogg', 'audio'],
  ['audio/wav', 'audio'],
  ['audio/x-wav', 'audio'],
  ['audio/flac', 'audio'],
  ['audio/webm', 'audio'],
])

const plain = (type: string): string => type.split(';')[0]?.trim().toLowerCase() ?? ''

export const kindOfType = (type: string): FileKind => TYPES.get(plain(type)) ?? 'file'

/** The type that bytes from others are given in this origin: the claimed one where it is harmless. */
export const safeType = (type: string): string =>
  kindOfType(type) === 'file' ? 'application/octet-stream' : plain(type)
