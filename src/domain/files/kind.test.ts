import { expect, test } from 'vitest'
import { kindOfType, safeType } from './kind.ts'

test.each([
  ['image/jpeg', 'picture', 'image/jpeg'],
  ['IMAGE/PNG', 'picture', 'image/png'],
  ['video/mp4; codecs="avc1"', 'video', 'video/mp4'],
  ['audio/mpeg', 'audio', 'audio/mpeg'],
  ['image/svg+xml', 'file', 'application/octet-stream'],
  ['text/html', 'file', 'application/octet-stream'],
  ['application/xhtml+xml', 'file', 'application/octet-stream'],
  ['text/html, image/png', 'file', 'application/octet-stream'],
  ['application/pdf', 'file', 'application/octet-stream'],
  ['text/plain', 'file', 'application/octet-stream'],
  ['__proto__', 'file', 'application/octet-stream'],
  ['constructor', 'file', 'application/octet-stream'],
  ['', 'file', 'application/octet-stream'],
])('%j is a %s and never more than %s', (type, kind, safe) => {
  expect(kindOfType(type)).toBe(kind)
  expect(safeType(type)).toBe(safe)
})
