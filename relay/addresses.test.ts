import { expect, test } from 'vitest'
import { addressAt, originOfRequest, originOfUrl } from './addresses.ts'

const addressFor = (headers: Record<string, string>): string | undefined => {
  const origin = originOfRequest(headers)
  return origin && addressAt(origin)
}

test.each([
  [{ host: '127.0.0.1:8080' }, '/ip4/127.0.0.1/tcp/8080/ws'],
  [{ host: 'localhost:8080' }, '/dns4/localhost/tcp/8080/ws'],
  [{ host: '[::1]:8080' }, '/ip6/::1/tcp/8080/ws'],
  [{ host: 'Gigi.Example' }, '/dns4/gigi.example/tcp/80/ws'],
  [{ host: 'example.org', 'x-forwarded-proto': 'https' }, '/dns4/example.org/tcp/443/tls/ws'],
  [{ host: 'example.org:8443', 'x-forwarded-proto': 'HTTPS, http' }, '/dns4/example.org/tcp/8443/tls/ws'],
  [{ host: 'example.org', 'x-forwarded-proto': 'http' }, '/dns4/example.org/tcp/80/ws'],
])('a request with %j is answered with %s', (headers, address) => {
  expect(addressFor(headers)).toBe(address)
})

test.each([
  '',
  ' ',
  'a b',
  'example.org:0',
  'example.org:65536',
  'example.org:x',
  'example.org/tcp/1',
  'example.org\r\nx: y',
  '-a.example',
  'a..example',
  '1.2.3',
  '1.2.3.256',
  '[1.2.3.4]',
  '[::g]',
  '::1',
  'user@example.org',
  `${'a'.repeat(64)}.example`,
])('the Host header %j names no host', (host) => {
  expect(originOfRequest({ host })).toBeUndefined()
})

test.each([
  ['https://gigi.example', '/dns4/gigi.example/tcp/443/tls/ws'],
  ['http://gigi.example', '/dns4/gigi.example/tcp/80/ws'],
  ['https://192.0.2.1:444', '/ip4/192.0.2.1/tcp/444/tls/ws'],
  ['http://[2001:db8::1]:8080', '/ip6/2001:db8::1/tcp/8080/ws'],
])('the public URL %s is the address %s', (url, address) => {
  expect(addressAt(originOfUrl(new URL(url)))).toBe(address)
})
