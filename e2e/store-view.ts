/** What a profile really holds, read from its database beside the app: the interface may show less, or be behind. */
/** A page of either driver. */
interface Evaluates {
  evaluate<T>(read: (table: string) => Promise<T>, table: string): Promise<T>
}

export interface StoredMessage {
  readonly id: string
  readonly text: string
  readonly direction: 'Sent' | 'Received'
  readonly status: string
  readonly attempts: number
}

/** All rows of a table. */
const rowsOf = (page: Evaluates, table: string): Promise<Record<string, unknown>[]> =>
  page.evaluate(
    (table) =>
      new Promise<Record<string, unknown>[]>((resolve, reject) => {
        const opening = indexedDB.open('gigi')
        opening.onerror = () => {
          reject(new Error(String(opening.error)))
        }
        opening.onsuccess = () => {
          const db = opening.result
          const reading = db.transaction(table).objectStore(table).getAll()
          reading.onerror = () => {
            reject(new Error(String(reading.error)))
          }
          reading.onsuccess = () => {
            db.close()
            resolve(reading.result as Record<string, unknown>[])
          }
        }
      }),
    table,
  )

/** How much was received and is not marked as read. */
export const unread = async (page: Evaluates): Promise<number> =>
  (await rowsOf(page, 'messages')).filter(
    (row) => row['content_type'] === 'Text' && row['direction'] === 'Received' && row['read'] === 0,
  ).length

/** To how many people word of what was accepted or read is still to go out. */
export const debts = async (page: Evaluates): Promise<number> => (await rowsOf(page, 'owed')).length

/** Whether anything is known of where this browser is woken: to the end, when the relay has heard that it is not to be. */
export const knowsOfPush = async (page: Evaluates): Promise<boolean> =>
  (await rowsOf(page, 'meta')).some((row) => row['key'] === 'push')

/** The language that the service worker is told of; undefined while none was chosen. */
export async function storedLanguage(page: Evaluates): Promise<unknown> {
  const row = (await rowsOf(page, 'meta')).find(({ key }) => key === 'settings')
  return (row?.['settings'] as { language?: unknown } | undefined)?.language
}

/** The peer ids that a profile knows: its own, and those of its contacts. */
export const peerIds = async (page: Evaluates): Promise<string[]> =>
  [...(await rowsOf(page, 'identity')), ...(await rowsOf(page, 'contacts'))].map((row) =>
    String(row['peer_id']),
  )

/** All text messages of a profile, in the order of their conversation. */
export async function storedMessages(page: Evaluates): Promise<StoredMessage[]> {
  const rows = await rowsOf(page, 'messages')
  return rows
    .filter((row) => row['content_type'] === 'Text')
    .sort((a, b) => (String(a['order_key']) < String(b['order_key']) ? -1 : 1))
    .map((row) => ({
      id: String(row['id']),
      text: (JSON.parse(String(row['content_json'])) as { text: string }).text,
      direction: row['direction'] as StoredMessage['direction'],
      status: String(row['sync_status']),
      attempts: Number(row['sync_attempts']),
    }))
}

/** How many messages are not known to be in the recipient's store. */
export const undelivered = async (page: Evaluates): Promise<number> =>
  (await storedMessages(page)).filter(
    ({ direction, status }) => direction === 'Sent' && (status === 'Pending' || status === 'Synced'),
  ).length

/** How many timed attempts were made to deliver a text. */
export const attempts = async (page: Evaluates, text: string): Promise<number> =>
  (await storedMessages(page)).find((message) => message.text === text)?.attempts ?? 0
