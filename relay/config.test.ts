import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { readSettings, StartError } from './config.ts'

test('without an environment the defaults hold', () => {
  expect(readSettings({}, [])).toEqual({
    port: 8080,
    host: '127.0.0.1',
    dataDir: resolve('data'),
    publicUrl: undefined,
    iceServers: [],
    push: undefined,
    mailboxBytes: 10_240 * 1024 * 1024,
    serveApp: true,
  })
})

test('what is set is read, and empty counts as unset', () => {
  const settings = readSettings(
    {
      PORT: ' 0 ',
      HOST: '::1',
      DATA_DIR: '/var/lib/gigi',
      PUBLIC_URL: 'https://gigi.example:8443',
      ICE_SERVERS:
        '[{"urls":["stun:a.example:3478"]},{"urls":"turns:b.example:5349?transport=tcp","username":"u","credential":"c"}]',
      PUSH_CONTACT: 'mailto:me@gigi.example',
      PUSH_LOCAL: '1',
      MAILBOX_MB: '64',
    },
    ['--no-app'],
  )
  expect(settings).toEqual({
    port: 0,
    host: '::1',
    dataDir: '/var/lib/gigi',
    publicUrl: new URL('https://gigi.example:8443'),
    iceServers: [
      { urls: ['stun:a.example:3478'] },
      { urls: 'turns:b.example:5349?transport=tcp', username: 'u', credential: 'c' },
    ],
    push: { contact: 'mailto:me@gigi.example', local: true },
    mailboxBytes: 64 * 1024 * 1024,
    serveApp: false,
  })
  expect(readSettings({ MAILBOX_MB: '0' }, []).mailboxBytes).toBe(0)
  expect(readSettings({ PORT: '', HOST: ' ', ICE_SERVERS: '' }, []).port).toBe(8080)
})

test('push services are told the contact, or the public address; without either there are no pushes', () => {
  const contact = (env: Record<string, string>) => readSettings(env, []).push?.contact
  expect(contact({ PUBLIC_URL: 'https://gigi.example' })).toBe('https://gigi.example')
  expect(contact({ PUBLIC_URL: 'https://gigi.example', PUSH_CONTACT: 'https://me.example/x' })).toBe(
    'https://me.example/x',
  )
  expect(contact({ PUBLIC_URL: 'https://gigi.example', PUSH_CONTACT: 'off' })).toBeUndefined()
  expect(contact({ PUBLIC_URL: 'http://gigi.example' })).toBeUndefined()
  expect(contact({ PUSH_LOCAL: '1' })).toBeUndefined()
})

test.each([
  ['PUSH_CONTACT', 'me@gigi.example', 'such as mailto:me@gigi.example'],
  ['PUSH_CONTACT', 'mailto:me', 'such as mailto:me@gigi.example'],
  ['PUSH_CONTACT', 'http://gigi.example', 'or to off'],
  ['PUSH_CONTACT', 'https://localhost', 'or to off'],
  ['PUSH_LOCAL', 'yes', 'set it to 0 or 1'],
  ['PORT', 'http', 'a number from 0 to 65535'],
  ['PORT', '-1', 'a number from 0 to 65535'],
  ['PORT', '65536', 'a number from 0 to 65535'],
  ['PORT', '80.5', 'a number from 0 to 65535'],
  ['HOST', 'http://localhost', 'an address to listen on'],
  ['HOST', 'a b', 'an address to listen on'],
  ['PUBLIC_URL', 'gigi.example', 'an origin without a path'],
  ['PUBLIC_URL', 'ftp://gigi.example', 'an origin without a path'],
  ['PUBLIC_URL', 'https://gigi.example/chat', 'an origin without a path'],
  ['PUBLIC_URL', 'https://me:secret@gigi.example', 'an origin without a path'],
  ['ICE_SERVERS', 'stun:a.example', 'not JSON'],
  ['ICE_SERVERS', '{"urls":"stun:a.example"}', 'not an array'],
  ['ICE_SERVERS', '[7]', 'ICE_SERVERS[0] is not an object'],
  ['ICE_SERVERS', '[{"urls":[]}]', 'has no urls'],
  ['ICE_SERVERS', '[{"urls":"https://a.example"}]', 'not stun: or turn:'],
  ['ICE_SERVERS', '[{"urls":"turn:a.example"}]', 'without username and credential'],
  ['ICE_SERVERS', '[{"urls":"turn:a.example","username":1,"credential":"c"}]', 'a username that is not text'],
  ['MAILBOX_MB', '10 GB', 'a whole number of megabytes'],
  ['MAILBOX_MB', '-1', 'a whole number of megabytes'],
  ['MAILBOX_MB', '0.5', 'a whole number of megabytes'],
])('%s %j is refused in one line that says what to do', (name, value, hint) => {
  const read = () => readSettings({ [name]: value }, [])
  expect(read).toThrow(StartError)
  expect(read).toThrow(hint)
  expect(read).toThrow(/^[^\n]+$/)
  expect(read).toThrow(name)
})

test('an unknown option is refused', () => {
  expect(() => readSettings({}, ['--port=1'])).toThrow('Unknown option --port=1')
})
