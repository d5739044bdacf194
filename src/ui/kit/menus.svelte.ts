import type { LucideIcon } from '@lucide/svelte'

export interface MenuItem {
  readonly label: string
  readonly icon: LucideIcon
  /** It deletes something. */
  readonly danger?: boolean
  readonly run: () => void
}

/** A point of the window, in pixels. */
export interface Point {
  readonly x: number
  readonly y: number
}

export interface OpenMenu {
  /** Its accessible name. */
  readonly label: string
  readonly items: readonly MenuItem[]
  readonly at: Point
  /** Whom the focus goes back to. */
  readonly opener: HTMLElement
}

/** One menu at a time. */
export class Menus {
  #open: OpenMenu | null = $state.raw(null)

  get open(): OpenMenu | null {
    return this.#open
  }

  show(menu: OpenMenu): void {
    if (menu.items.length > 0) this.#open = menu
  }

  close(): void {
    this.#open = null
  }
}

/** Where a menu opens that belongs to a button: under it. */
export function under(button: HTMLElement): Point {
  const { left, right, bottom } = button.getBoundingClientRect()
  return { x: getComputedStyle(button).direction === 'rtl' ? right : left, y: bottom }
}
