/** Files in a tab: what the interface asks, and what it does. */
import { safeType } from '../../domain/files/kind.ts'
import { safeFileName } from '../../domain/files/name.ts'
import { toBase64url } from '../../protocol/identifiers.ts'
import { MAX_FILE_BYTES, MAX_NAME_BYTES } from '../../protocol/limits.ts'
import { cancelFile, pauseFile, setSharing, wantFile } from '../../store/file-choices.ts'
import { type FileShare, readFile, shareFile } from '../../store/files.ts'
import { readIdentity } from '../../store/identity.ts'
import { contentOf } from '../../store/messages.ts'
import type { GigiDatabase } from '../../store/schema.ts'
import { attachedName } from '../../sync/files/sweep.ts'
import type { Attached } from '../../worker/files/messages.ts'
import { UserError } from '../api.ts'
import { askForErrand } from '../background.ts'
import { clock, log, random } from '../ports.ts'
import { stored } from '../storing.ts'
import type { Files } from './api.ts'
import { openBlob } from './open.ts'
import type { WorkerRoom } from './room.ts'
import { fileView } from './view.ts'

/** `keep` asks the browser to keep what is stored. */
export function createFiles(db: GigiDatabase, room: WorkerRoom, keep: () => void): Files {
  return {
    view: (message) =>
      db.transaction('r', [db.identity, db.files, db.transfers, db.conversations, db.contacts], async () => {
        const found = await readFile(db, message)
        if (found === null) return null
        const { row, transfers, members } = found
        return fileView(row, transfers, row.author === (await readIdentity(db))?.peer_id, members)
      }),
    async share(conversation, file, progress, signal) {
      if (file.size > MAX_FILE_BYTES) throw new UserError('file-too-large')
      const blob = attachedName(clock.now(), toBase64url(random.bytes(12)))
      const attached = await takenIn(room.attach(blob, file, signal, progress))
      try {
        signal.throwIfAborted()
        const content = contentOfFile(file, attached)
        const id = await stored(shareFile(db, conversation, content, blob, clock.now(), random.bytes))
        keep()
        askForErrand()
        return id
      } catch (error) {
        room.remove(blob).catch((fault: unknown) => {
          log.warn('a file that was not sent is left', { reason: String(fault) })
        })
        throw error
      }
    },
    async open(message) {
      const row = await db.messages.get(message)
      const file = await db.files.get(message)
      const content = row === undefined ? undefined : contentOf(row)
      if (file?.state !== 'complete' || content?.type !== 'FileShare') throw new UserError('file-gone')
      const type = safeType(content.file_type)
      // Of what came without bytes nothing was written.
      if (file.size === 0) return new Blob([], { type })
      const bytes = await openBlob(file.blob)
      if (bytes?.size !== file.size) throw new UserError('file-gone')
      return bytes.slice(0, bytes.size, type)
    },
    fetch: (message) => stored(wantFile(db, message)),
    pause: (message) => stored(pauseFile(db, message)),
    cancel: (message) => stored(cancelFile(db, message, clock.now())),
    setSharing: (message, sharing) => stored(setSharing(db, message, sharing)),
  }
}

/** What it comes to, with what the user can mend in their words. */
async function takenIn(work: Promise<Attached>): Promise<Attached> {
  try {
    return await work
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    if (name === 'NoRoomError') throw new UserError('file-no-room', { cause: error })
    // Moved, changed or deleted since it was chosen, or a folder.
    if (name === 'NotReadableError' || name === 'NotFoundError')
      throw new UserError('file-unreadable', { cause: error })
    throw error
  }
}

function contentOfFile(file: File, { size, root, look }: Attached): FileShare {
  const type = file.type.toWellFormed()
  const preview = look?.preview ?? null
  return {
    type: 'FileShare',
    share_code: toBase64url(random.bytes(16)),
    filename: safeFileName(file.name.toWellFormed()),
    file_size: size,
    file_type: new TextEncoder().encode(type).length > MAX_NAME_BYTES ? '' : type,
    root: toBase64url(root),
    ...(look === null ? {} : { dimensions: look.dimensions }),
    ...(preview === null ? {} : { preview: toBase64url(preview) }),
  }
}
