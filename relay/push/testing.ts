/** A push service on loopback: notes what it is sent, and answers as a test wants. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'

export interface Posted {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface PushService {
  /** An endpoint of it, by any name. */
  readonly endpoint: (name: string) => string
  readonly posted: Posted[]
  /** Connections that are open. */
  readonly open: () => number
}

/** What becomes of the push to an endpoint of that name. */
export type Answering = (name: string, response: ServerResponse) => void

/** An answer of that status. */
export const status =
  (code: number): Answering =>
  (_, response) =>
    void response.writeHead(code).end('reason')

/** Starts one, stopped at the end of the test. */
export async function pushService(answer: Answering = status(201)): Promise<PushService> {
  const posted: Posted[] = []
  let open = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      posted.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
      answer(path.slice(1), response)
    })
  })
  server.on('connection', (socket) => {
    open++
    socket.on('close', () => open--)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port')
  return { endpoint: (name) => `http://127.0.0.1:${bound.port}/${name}`, posted, open: () => open }
}
