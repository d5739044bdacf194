/** One push, against a push service on loopback. */
import { createPublicKey, verify } from 'node:crypto'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import webpush from 'web-push'
import { PUSH_LIFE_S } from '../limits.ts'
import { codeOf } from '../log.ts'
import { until } from '../testing.ts'
import { createSender, lookupOf } from './send.ts'
import { publicOf } from './endpoint.ts'
import { pushService, status } from './testing.ts'

const keys = webpush.generateVAPIDKeys()
const contact = 'mailto:me@gigi.example'
const nowhere = (): Promise<readonly string[]> => Promise.resolve([])
const send = createSender({ keys, contact, resolve: nowhere })
const soon = (): AbortSignal => AbortSignal.timeout(5_000)

test('a push is empty, lasts, is urgent, stands for those before it, and is signed (RFC 8030, RFC 8292)', async () => {
  const service = await pushService()
  expect(await send(service.endpoint('a?b=1'), soon())).toBe('taken')
  const [posted] = service.posted
  expect(posted).toMatchObject({
    method: 'POST',
    path: '/a?b=1',
    body: '',
    headers: { ttl: String(PUSH_LIFE_S), urgency: 'high', topic: 'mail', 'content-length': '0' },
  })
  const [, token = '', key] = /^vapid t=([^,]+), k=(.+)$/.exec(posted?.headers.authorization ?? '') ?? []
  expect(key).toBe(keys.publicKey)
  const [header = '', claims = '', signature = ''] = token.split('.')
  const said = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
  expect(said).toMatchObject({ aud: new URL(service.endpoint('')).origin, sub: contact })
  expect(said['exp']).toBeGreaterThan(Date.now() / 1000)
  const point = Buffer.from(keys.publicKey, 'base64url')
  const half = (from: number): string => point.subarray(from, from + 32).toString('base64url')
  const jwk = { kty: 'EC', crv: 'P-256', x: half(1), y: half(33) }
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  const signed = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  expect(signed).toBe(true)
})

test.each([200, 201, 202, 204])('%i: the push service has it', async (code) => {
  expect(await send((await pushService(status(code))).endpoint('a'), soon())).toBe('taken')
})

test.each([404, 410])('%i: nobody is there any more', async (code) => {
  expect(await send((await pushService(status(code))).endpoint('a'), soon())).toBe('gone')
})

test.each([400, 401, 403, 429, 500, 503])('%i: it was not taken', async (code) => {
  const { endpoint } = await pushService(status(code))
  await expect(send(endpoint('a'), soon())).rejects.toThrow(`the push service answered ${code}`)
})

test('a push service that sends elsewhere is not followed', async () => {
  const elsewhere = await pushService()
  const service = await pushService((_, response) =>
    response.writeHead(307, { location: elsewhere.endpoint('b') }).end(),
  )
  await expect(send(service.endpoint('a'), soon())).rejects.toThrow('answered 307')
  expect(elsewhere.posted).toEqual([])
})

test('one that never answers is left when the time is over', async () => {
  const service = await pushService(() => undefined)
  const over = new AbortController()
  const sent = send(service.endpoint('a'), over.signal)
  await until(() => service.posted.length === 1, 'the push to arrive')
  over.abort()
  await expect(sent).rejects.toThrow()
  await until(() => service.open() === 0, 'the connection to end')
})

test('one whose answer never ends has answered, and is left', async () => {
  const service = await pushService((_, response) => {
    const write = (): void => {
      while (response.write('a'.repeat(100_000)));
      response.once('drain', write)
    }
    write()
  })
  expect(await send(service.endpoint('a'), soon())).toBe('taken')
  await until(() => service.open() === 0, 'the connection to end')
})

test('what cannot be reached, or speaks no HTTP, was not taken', async () => {
  const server = createServer(
    (socket) =>
      void socket
        .on('error', () => undefined)
        .resume()
        .end('SSH-2.0\r\n'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port')
  const endpoint = `http://127.0.0.1:${bound.port}/`
  await expect(send(endpoint, soon())).rejects.toThrow('Parse Error')
  await new Promise((resolve) => server.close(resolve))
  expect(codeOf(await send(endpoint, soon()).catch((error: unknown) => error))).toBe('ECONNREFUSED')
})

test.each([
  [['127.0.0.1']],
  [['::1']],
  [['::ffff:127.0.0.1']],
  [['fd00::1']],
  [['169.254.169.254']],
  [['64:ff9b::8efa:bb5f']],
])('a name that means %j is not asked, and may mean another the next time', async (addresses) => {
  const asked: string[] = []
  const careful = createSender({
    keys,
    contact,
    resolve: (name) => {
      asked.push(name)
      return Promise.resolve(addresses)
    },
  })
  await expect(careful('https://push.example/a', soon())).rejects.toThrow('no public address')
  expect(asked).toEqual(['push.example'])
})

test('addresses of this network beside others, as translators for IPv6 add them, are left out (RFC 6147)', async () => {
  const looked = new AbortController()
  const mixed = createSender({
    keys,
    contact,
    resolve: () => {
      // It goes on with what it was told, and not as far as to dial.
      looked.abort(new Error('about to dial'))
      return Promise.resolve(['64:ff9b::8efa:bb5f', '142.250.187.95', '10.0.0.1'])
    },
  })
  await expect(mixed('https://push.example/a', looked.signal)).rejects.toThrow('about to dial')
  expect(publicOf(['64:ff9b::8efa:bb5f', '142.250.187.95', '10.0.0.1'])).toEqual(['142.250.187.95'])
})

test('a connection is made to the addresses that were looked at, whatever the name means by then', () => {
  const answers: unknown[][] = []
  const lookup = lookupOf(['2001:4860:4860::8888', '8.8.8.8'])
  const note = (...answer: unknown[]): void => void answers.push(answer)
  lookup('localhost', { all: true }, note)
  lookup('localhost', {}, note)
  lookupOf([])('localhost', { all: true }, note)
  expect(answers).toEqual([
    [
      null,
      [
        { address: '2001:4860:4860::8888', family: 6 },
        { address: '8.8.8.8', family: 4 },
      ],
    ],
    [null, '2001:4860:4860::8888', 6],
    [expect.objectContaining({ message: 'localhost has no address' }), ''],
  ])
})
