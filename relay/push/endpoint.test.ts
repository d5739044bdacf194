import { expect, test } from 'vitest'
import { MAX_ENDPOINT_BYTES } from '../../src/protocol/limits.ts'
import { isEndpoint, isPublic } from './endpoint.ts'

test.each([
  'https://fcm.googleapis.com/fcm/send/dQw4w9WgXcQ:APA91bH_-',
  'https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk',
  'https://web.push.apple.com/QGuQyavXutnMH',
  'https://wns2-db5p.notify.windows.com/w/?token=BQYAAAB%2b',
])('%s is an endpoint', (endpoint) => {
  expect([isEndpoint(endpoint, false), isEndpoint(endpoint, true)]).toEqual([true, true])
})

const ANYWHERE = [
  '',
  'push.example',
  'http://push.example/',
  'ftp://push.example/',
  'javascript:alert(1)',
  'https://push.example:8443/',
  'https://me:secret@push.example/',
  'https://me@push.example/',
  'https://push.example/#there',
  // Not as a browser writes it.
  'https://push.example',
  'HTTPS://push.example/',
  'https://push.example:443/',
  'https://push.example/a b',
  ' https://push.example/',
  'https://push.example/\r\nX-Header: 1',
  // Addresses in place of names, in all ways of writing them.
  'https://203.0.113.7/',
  'https://10.0.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://[fd00::1]/',
  'https://[2606:4700::1111]/',
  'http://localhost:8080/',
  'http://192.168.1.1:8080/',
  `https://push.example/${'a'.repeat(MAX_ENDPOINT_BYTES)}`,
]
test.each(ANYWHERE)('%j is none', (endpoint) => {
  expect([isEndpoint(endpoint, false), isEndpoint(endpoint, true)]).toEqual([false, false])
})

test.each(['http://127.0.0.1:8080/a?b', 'http://[::1]:8080/', 'https://127.0.0.1/'])(
  '%s is one where loopback is allowed',
  (endpoint) => {
    expect([isEndpoint(endpoint, false), isEndpoint(endpoint, true)]).toEqual([false, true])
  },
)

test.each([
  '8.8.8.8',
  '142.250.185.74',
  '100.63.255.255',
  '100.128.0.0',
  '172.32.0.1',
  '192.0.1.1',
  '223.255.255.255',
  '2a00:1450:4001:82f::200a',
  '2606:4700::1111',
  '2001:4860:4860::8888',
])('%s is a host of the internet', (address) => {
  expect(isPublic(address)).toBe(true)
})

test.each([
  '0.0.0.0',
  '10.255.255.255',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '198.19.0.1',
  '224.0.0.251',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  '2606:4700::1111%eth0',
  'fec0::1',
  'ff02::1',
  '',
  'localhost',
])('%j is not', (address) => {
  expect(isPublic(address)).toBe(false)
})
