/** What the interface may ask and do about files. */
import type { ConversationId, MessageId } from '../../domain/ids.ts'
import type { FileKind } from '../../domain/files/kind.ts'
import type { FileProblem } from '../../store/schema.ts'

export type { FileKind, FileProblem }

/** How a file of a message fares: what came, or what goes out of what we shared. */
export interface FileView {
  readonly direction: 'in' | 'out'
  /**
   * offered: nothing moves: it is fetched, or asked for, when someone wants it. transferring: it comes, or will as soon as someone is
   * there who has it; or goes out. complete: all of it is where it was to go.
   */
  readonly state: 'offered' | 'transferring' | 'paused' | 'complete' | 'failed'
  /** All of it is on this device, and can be shown and saved. */
  readonly isHere: boolean
  /** Bytes that are where they were to go. */
  readonly done: number
  /** Bytes a second; null where nothing moves, or it cannot be told yet. */
  readonly rate: number | null
  /** Nothing comes: nobody is there who has it, or they have paused. */
  readonly waits: 'for-peer' | 'for-resume' | null
  readonly problem: FileProblem | 'ended' | null
}

export interface Files {
  /** Null where the message shares none. Watched. */
  view(message: MessageId): Promise<FileView | null>
  /**
   * Takes a file in, and sends the message that shares it: durable when it resolves. `progress` is told bytes. Throws UserError
   * `file-no-room`, `file-too-large`, `file-unreadable` or what `sendText` does, and an AbortError when `signal` says so.
   */
  share(
    conversation: ConversationId,
    file: File,
    progress: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<MessageId>
  /**
   * The bytes of a file that is here, of a type that is harmless in this origin whatever the sender claims. Throws UserError
   * `file-gone`.
   */
  open(message: MessageId): Promise<Blob>
  /** Has a file fetched, fetched on, or tried again. */
  fetch(message: MessageId): Promise<void>
  /** Has the fetching of a file rest. */
  pause(message: MessageId): Promise<void>
  /** Gives the fetching up, and what is kept of it. */
  cancel(message: MessageId): Promise<void>
  /** Whether others get an own file: `paused` for now, `ended` for good, null as they ask. */
  setSharing(message: MessageId, sharing: 'paused' | 'ended' | null): Promise<void>
}
