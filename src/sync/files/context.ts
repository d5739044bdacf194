/** What the parts that transfer files share. */
import type { GigiDatabase } from '../../store/schema.ts'
import type { Clock, Log, Timer } from '../ports.ts'
import type { FileLinks, FileRoom } from './ports.ts'

export interface FileContext {
  readonly db: GigiDatabase
  readonly epoch: number
  readonly room: FileRoom
  readonly links: FileLinks
  readonly clock: Clock
  readonly timer: Timer
  readonly log: Log
}
