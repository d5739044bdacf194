/** The ways to ask for a menu that have no button: a right click, the menu key, and a finger that rests. */
import type { Attachment } from 'svelte/attachments'
import type { Point } from './menus.svelte.ts'

/** How long a finger rests to ask for a menu, in milliseconds, as phones have it. */
const LONG_PRESS_MS = 500
/** How far it may stray meanwhile, in pixels: more is a scroll. */
const STRAY = 10

/**
 * Calls `open` where the user asks for the menu of an element. `isOthers`: what was asked for has a menu of the browser's own
 * that is wanted more, as that of a selection.
 */
export function menuGesture(
  open: (at: Point) => void,
  isOthers: (target: EventTarget | null) => boolean = () => false,
): Attachment<HTMLElement> {
  return (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let start: Point = { x: 0, y: 0 }
    /** The finger that asked is still down: what it does when it is lifted is no click. */
    let asked = false

    const stop = (): void => {
      clearTimeout(timer)
      timer = undefined
    }
    const ask = (event: MouseEvent): void => {
      stop()
      if (asked) event.preventDefault()
      if (asked || isOthers(event.target)) return
      event.preventDefault()
      // Asked for by a key, it has no place of its own.
      const { left, bottom } = element.getBoundingClientRect()
      const byKey = event.clientX === 0 && event.clientY === 0
      open(byKey ? { x: left, y: bottom } : { x: event.clientX, y: event.clientY })
      // Of a finger it is the browser that noticed first.
      asked = event instanceof PointerEvent && event.pointerType === 'touch'
    }
    const press = (event: PointerEvent): void => {
      stop()
      asked = false
      if (event.pointerType !== 'touch') return
      start = { x: event.clientX, y: event.clientY }
      timer = setTimeout(() => {
        asked = true
        open(start)
      }, LONG_PRESS_MS)
    }
    const stray = (event: PointerEvent): void => {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > STRAY) stop()
    }
    const click = (event: MouseEvent): void => {
      if (!asked) return
      asked = false
      event.preventDefault()
      event.stopPropagation()
    }

    const end = new AbortController()
    const { signal } = end
    element.addEventListener('contextmenu', ask, { signal })
    element.addEventListener('pointerdown', press, { signal })
    element.addEventListener('pointermove', stray, { signal })
    for (const type of ['pointerup', 'pointercancel'] as const)
      element.addEventListener(type, stop, { signal })
    element.addEventListener('click', click, { signal, capture: true })
    return () => {
      stop()
      end.abort()
    }
  }
}
