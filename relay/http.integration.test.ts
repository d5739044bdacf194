import { mkdir, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testRelay, type TestRelay, temporaryFolder } from './testing.ts'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** A request as it is: fetch would choose Host and encodings by itself. */
const ask = (
  relay: TestRelay,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(relay.url, { path, headers, method }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    sent.on('error', reject).end()
  })

async function relayWithApp(): Promise<{ relay: TestRelay; folder: string }> {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'assets'))
  const files = {
    'index.html': '<!doctype html>',
    'sw.js': 'self',
    'manifest.webmanifest': '{}',
    'assets/app-abc123.js': 'plain',
    'assets/app-abc123.js.br': 'brotli',
    'assets/app-abc123.js.gz': 'gzipped',
    '.stamp': 'secret',
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return { relay: await testRelay({}, folder), folder }
}

test('the app is served with its types, and nothing else is', async () => {
  const { relay } = await relayWithApp()
  const types = await Promise.all(
    ['/', '/index.html', '/sw.js', '/manifest.webmanifest', '/?source=pwa'].map(async (path) => {
      const { status, headers } = await ask(relay, path)
      return [path, status, headers['content-type'], headers['cache-control']]
    }),
  )
  expect(types).toEqual([
    ['/', 200, 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html', 200, 'text/html; charset=utf-8', 'no-cache'],
    ['/sw.js', 200, 'text/javascript; charset=utf-8', 'no-cache'],
    ['/manifest.webmanifest', 200, 'application/manifest+json; charset=utf-8', 'no-cache'],
    ['/?source=pwa', 200, 'text/html; charset=utf-8', 'no-cache'],
  ])
  for (const path of [
    '/chat',
    '/.stamp',
    '/assets',
    '/assets/',
    '/index',
    '/../package.json',
    '/%2e%2e/package.json',
    '//',
  ])
    expect([path, (await ask(relay, path)).status]).toEqual([path, 404])
})

test('hashed assets are immutable and come as the build compressed them', async () => {
  const { relay } = await relayWithApp()
  const get = async (accept: string) => {
    const { headers, body } = await ask(relay, '/assets/app-abc123.js', { 'accept-encoding': accept })
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding',
    })
    return [headers['content-encoding'], body]
  }
  expect(await get('gzip, deflate, br, zstd')).toEqual(['br', 'brotli'])
  expect(await get('gzip')).toEqual(['gzip', 'gzipped'])
  expect(await get('br;q=0, gzip;q=0.5')).toEqual(['gzip', 'gzipped'])
  expect(await get('identity')).toEqual([undefined, 'plain'])
})

test('what is not stale is not sent again', async () => {
  const { relay } = await relayWithApp()
  const { headers } = await ask(relay, '/')
  const again = await ask(relay, '/', { 'if-none-match': `"other", W/${String(headers['etag'])}` })
  expect([again.status, again.body, again.headers['cache-control']]).toEqual([304, '', 'no-cache'])
  expect((await ask(relay, '/', { 'if-none-match': '"other"' })).status).toBe(200)
})

test('a build under a running relay changes nothing that it serves', async () => {
  const { relay, folder } = await relayWithApp()
  await rm(folder, { recursive: true })
  expect((await ask(relay, '/assets/app-abc123.js')).body).toBe('plain')
})

test('only GET and HEAD are served', async () => {
  const { relay } = await relayWithApp()
  const head = await ask(relay, '/', {}, 'HEAD')
  expect([head.status, head.headers['content-length'], head.body]).toEqual([200, '15', ''])
  const post = await ask(relay, '/config.json', {}, 'POST')
  expect([post.status, post.headers['allow']]).toEqual([405, 'GET, HEAD'])
})

test('every answer carries the security headers', async () => {
  const { relay } = await relayWithApp()
  for (const path of ['/', '/assets/app-abc123.js', '/config.json', '/healthz', '/nothing']) {
    const { headers } = await ask(relay, path)
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; .*frame-ancestors 'none'$/,
    )
    expect(headers['permissions-policy']).toMatch(/^camera=\(self\), .*microphone=\(\)/)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['strict-transport-security']).toBeUndefined()
  }
  const secure = await ask(relay, '/', { 'x-forwarded-proto': 'https' })
  expect(secure.headers['strict-transport-security']).toBe('max-age=63072000')
})

test('/config.json names the relay where the page came from', async () => {
  const relay = await testRelay({ iceServers: [{ urls: 'stun:a.example' }] })
  const plain = await ask(relay, '/config.json', { host: '127.0.0.1:8080' })
  expect(JSON.parse(plain.body)).toEqual({
    relays: [`/ip4/127.0.0.1/tcp/8080/ws/p2p/${relay.peerId}`],
    iceServers: [{ urls: 'stun:a.example' }],
  })
  expect(plain.headers['cache-control']).toBe('no-store')
  const tunnel = await ask(relay, '/config.json', { host: 'example.org', 'x-forwarded-proto': 'https' })
  expect(JSON.parse(tunnel.body)).toMatchObject({
    relays: [`/dns4/example.org/tcp/443/tls/ws/p2p/${relay.peerId}`],
  })
  expect((await ask(relay, '/config.json', { host: 'a/b' })).status).toBe(400)
})

test('/config.json names the public URL where there is one', async () => {
  const relay = await testRelay({ publicUrl: new URL('https://gigi.example') })
  const { body } = await ask(relay, '/config.json', { host: 'a/b' })
  expect(JSON.parse(body)).toEqual({
    relays: [`/dns4/gigi.example/tcp/443/tls/ws/p2p/${relay.peerId}`],
    iceServers: [],
  })
})
