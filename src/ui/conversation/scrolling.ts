/** What the log needs to know about where its messages stand on the screen. */

const MESSAGES = '[data-message-id]'

/** Of a message, in pixels, what must be in the frame for it to count as seen: a line of text. */
const SEEN_HEIGHT = 24

/** A message and how far below the upper edge of the screen it stood. */
export interface Anchor {
  readonly element: Element
  readonly top: number
}

/** The uppermost message in view: what the reader's eyes are on. */
export function anchorIn(scroller: Element): Anchor | null {
  const { top: edge } = scroller.getBoundingClientRect()
  for (const element of scroller.querySelectorAll(MESSAGES)) {
    const { top, bottom } = element.getBoundingClientRect()
    if (bottom > edge) return { element, top }
  }
  return null
}

/** Scrolls so that the message stands where it stood. */
export function holdAnchor(scroller: Element, { element, top }: Anchor): void {
  if (!element.isConnected) return
  const moved = element.getBoundingClientRect().top - top
  if (moved !== 0) scroller.scrollTop += moved
}

/** The id of the lowest message in view. */
export function lastInView(scroller: Element): string | undefined {
  const { bottom: edge } = scroller.getBoundingClientRect()
  const elements = [...scroller.querySelectorAll<HTMLElement>(MESSAGES)]
  return elements.findLast((element) => {
    const { top, height } = element.getBoundingClientRect()
    return top + Math.min(height, SEEN_HEIGHT) <= edge + 1
  })?.dataset['messageId']
}
