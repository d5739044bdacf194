/** Where a menu stands so that all of it is in sight. */
import type { Point } from './menus.svelte.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/** Distance that a menu keeps from the edges of the window, in pixels. */
const MARGIN = 8

/** Its upper left corner: at the point, or so far from it that it fits into the window; towards the left where `rtl`. */
export function menuPlace({ x, y }: Point, menu: Size, window: Size, rtl: boolean): Point {
  const fit = (from: number, length: number, room: number): number =>
    Math.max(MARGIN, Math.min(from, room - length - MARGIN))
  return { x: fit(rtl ? x - menu.width : x, menu.width, window.width), y: fit(y, menu.height, window.height) }
}
