/** The count of what is unread: in the title of every tab, and on the icon of an installed app. */
import { onTablesChanged } from '../store/changes.ts'
import { readSettings } from '../store/identity.ts'
import type { GigiDatabase } from '../store/schema.ts'
import { countUnread } from '../store/unread.ts'
import { clock, log } from './ports.ts'

/** What the badge says; 0: nothing is unread, or there is to be no badge. */
export const readBadge = async (db: GigiDatabase): Promise<number> =>
  (await readSettings(db)).badge ? countUnread(db, clock.now()) : 0

export const titleWith = (count: number): string => (count === 0 ? 'Gigi' : `(${count}) Gigi`)

/** Shows the count on the icon, where the browser has one for us. Never rejects. */
export async function badgeIcon(count: number): Promise<void> {
  // TypeScript's library takes it for being everywhere.
  const icon: Partial<Pick<Navigator, 'setAppBadge' | 'clearAppBadge'>> = navigator
  try {
    await (count === 0 ? icon.clearAppBadge?.() : icon.setAppBadge?.(count))
  } catch (error) {
    // As on iOS, until notifications are allowed.
    log.info('no badge on the icon', { reason: String(error) })
  }
}

/**
 * Shows the count on the icon and by `title` from now on. What is muted no more counts when something changes, or `recount` is
 * called. Returns `recount`.
 */
export function keepBadge(db: GigiDatabase, title: (text: string) => void): () => void {
  let shown: number | null = null
  let counting = false
  let wanted = false
  const count = async (): Promise<void> => {
    const now = await readBadge(db)
    if (now === shown) return
    shown = now
    title(titleWith(now))
    await badgeIcon(now)
  }
  const recount = (): void => {
    wanted = counting
    if (counting) return
    counting = true
    count()
      .catch((error: unknown) => {
        log.warn('cannot count what is unread', { reason: String(error) })
      })
      .finally(() => {
        counting = false
        if (wanted) recount()
      })
  }
  // Not a live query: one that reads this much lost sight of what it read last, in Chromium with Dexie 4.
  onTablesChanged(db, (tables) => {
    if (tables.has('conversations') || tables.has('meta')) recount()
  })
  recount()
  return recount
}
