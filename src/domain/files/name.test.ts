import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeFileName } from './name.ts'

test.each([
  ['notes.txt', 'notes.txt'],
  ['../../x', 'x'],
  ['..\\..\\evil.exe', 'evil.exe'],
  ['/etc/passwd', 'passwd'],
  ['C:\\Windows\\system.ini', 'system.ini'],
  ['..', 'file'],
  ['.', 'file'],
  ['', 'file'],
  ['a/', 'file'],
  ['.bashrc', 'bashrc'],
  ['cod\u202Egpj.exe', 'codgpj.exe'],
  ['a\u0000b\nc\u2028d.txt', 'abcd.txt'],
  ['a\u200Bb\u2060c\uFEFF.txt', 'abc.txt'],
  ['what? "this": <that>|*.txt', 'what_ _this__ _that___.txt'],
  ['con', '_con'],
  ['COM1.txt', '_COM1.txt'],
  ['NUL.tar.gz', '_NUL.tar.gz'],
  ['console.log', 'console.log'],
  ['trailing. . ', 'trailing'],
  ['  many   spaces .pdf', 'many spaces .pdf'],
  ['Ünïcödé 你好 👋.png', 'Ünïcödé 你好 👋.png'],
])('%j is shown and saved as %j', (name, safe) => {
  expect(safeFileName(name)).toBe(safe)
})

test('a long name is cut, and keeps its extension', () => {
  const name = safeFileName(`${'ä'.repeat(300)}.jpeg`)
  expect(name.endsWith('ä.jpeg')).toBe(true)
  expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(255)
  expect(new TextEncoder().encode(safeFileName('👋'.repeat(100))).length).toBeLessThanOrEqual(255)
})

test('any name comes out such that it can be saved, and stays as it is then', () => {
  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom('/', '\\', '..', '\u202E', '\u0007', ' ', '.', ':', 'con', 'a', 'é', '👋', '\uD800'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 400,
  })
  fc.assert(
    fc.property(nasty, (name) => {
      const safe = safeFileName(name)
      expect(safe).not.toBe('')
      expect(safe).not.toMatch(/[/\\<>:"|?*\p{Cc}\p{Cf}\p{Cs}]/u)
      expect(safe).not.toMatch(/^[. ]|[. ]$/)
      expect(safe).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i)
      expect(new TextEncoder().encode(safe).length).toBeLessThanOrEqual(255)
      expect(safeFileName(safe)).toBe(safe)
    }),
  )
})
