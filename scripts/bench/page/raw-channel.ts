/** The raw platform: a data channel between two pages, and what the fastest messenger could do over it. */
import { insert, mark, type Row, rowsAfter } from './raw-store.ts'

const BATCH = 200
/** Batches under way before the first is confirmed. */
const PIPELINE = 4

let connection: RTCPeerConnection | undefined
let channel: RTCDataChannel | undefined

const gathered = (pc: RTCPeerConnection): Promise<string> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (pc.iceGatheringState === 'complete') resolve(pc.localDescription?.sdp ?? '')
    }
    pc.addEventListener('icegatheringstatechange', look)
    look()
  })

/** Begins; what it gives goes to `answer` of the other page. */
export async function offer(): Promise<string> {
  connection = new RTCPeerConnection()
  channel = connection.createDataChannel('raw')
  await connection.setLocalDescription()
  return gathered(connection)
}

/** What it gives goes back to `accept`. From then on this page serves. */
export async function answer(sdp: string): Promise<string> {
  connection = new RTCPeerConnection()
  connection.addEventListener('datachannel', (event) => {
    channel = event.channel
    serve(event.channel)
  })
  await connection.setRemoteDescription({ type: 'offer', sdp })
  await connection.setLocalDescription()
  return gathered(connection)
}

/** Resolves when the channel is open. */
export async function accept(sdp: string): Promise<void> {
  const open = new Promise<void>((resolve) => channel?.addEventListener('open', () => resolve()))
  await connection?.setRemoteDescription({ type: 'answer', sdp })
  await open
}

export function hangUp(): void {
  connection?.close()
  connection = channel = undefined
}

/** Stores what comes, strictly, and confirms it then. Without rows it is an echo. */
function serve(at: RTCDataChannel): void {
  let tail = Promise.resolve()
  at.addEventListener('message', ({ data }) => {
    const { number, rows } = JSON.parse(data as string) as { number: number; rows: Row[] }
    tail = tail.then(async () => {
      if (rows.length > 0) await insert(rows)
      at.send(String(number))
    })
  })
}

const opened = (): RTCDataChannel => {
  if (channel === undefined) throw new Error('there is no raw channel')
  return channel
}

/** Sends something and resolves when it is confirmed. */
function said(number: number, rows: readonly Row[]): Promise<void> {
  const at = opened()
  return new Promise((resolve) => {
    const hear = ({ data }: MessageEvent): void => {
      if (data !== String(number)) return
      at.removeEventListener('message', hear)
      resolve()
    }
    at.addEventListener('message', hear)
    at.send(JSON.stringify({ number, rows }))
  })
}

let last = 0

/** Milliseconds until all rows of this page are stored by the other, and the watermark here says so. */
export async function catchUp(): Promise<number> {
  const since = performance.now()
  const underWay: Promise<void>[] = []
  let after: string | null = null
  for (;;) {
    const rows: Row[] = await rowsAfter(after, BATCH)
    if (rows.length === 0) break
    const upTo = (after = rows.at(-1)?.id ?? '')
    underWay.push(said(++last, rows).then(() => mark('delivered', upTo)))
    if (underWay.length >= PIPELINE) await underWay.shift()
  }
  await Promise.all(underWay)
  return performance.now() - since
}

/** Milliseconds of each of `times` single messages: stored here, stored there, confirmed, and marked here. */
export async function deliveries(rows: readonly Row[]): Promise<number[]> {
  const took: number[] = []
  for (const row of rows) {
    const since = performance.now()
    await insert([row])
    await said(++last, [row])
    await mark('delivered', row.id)
    took.push(performance.now() - since)
  }
  return took
}
