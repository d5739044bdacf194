/** Where the focus is in the log: among the buttons of its messages, and with whom when the one is gone that had it. */

const MESSAGE = '[data-message-id]'

const idOf = (element: Element | null | undefined): string | undefined =>
  element?.closest<HTMLElement>(MESSAGE)?.dataset['messageId']

/**
 * Call it before the log changes. What it returns is to be called after that: if the message with the focus is there no more,
 * its next neighbour that is still there gets it, or else the one before, or else the log.
 */
export function keepFocus(log: HTMLElement): () => void {
  const { activeElement } = document
  const focused = log.contains(activeElement) ? idOf(activeElement) : undefined
  if (focused === undefined) return () => undefined
  const ids = [...log.querySelectorAll(MESSAGE)].map(idOf)
  const at = ids.indexOf(focused)
  const neighbours = [...ids.slice(at + 1), ...ids.slice(0, at).reverse()]
  return () => {
    // Whoever has gone on meanwhile stays where they are.
    if (document.activeElement !== document.body) return
    const all = new Map([...log.querySelectorAll<HTMLElement>(MESSAGE)].map((one) => [idOf(one), one]))
    const next = neighbours.find((id) => all.has(id))
    const heir = all.get(focused) ?? all.get(next) ?? log
    heir.focus({ preventScroll: true })
  }
}

/** Up and down go from one status, or menu, to the next, so that Tab need not pass through all of them. */
export function walk(log: HTMLElement, event: KeyboardEvent): void {
  if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
  const kind = document.activeElement?.matches('[data-menu-button]') === true ? 'menu' : 'status'
  const buttons = [...log.querySelectorAll<HTMLElement>(`[data-${kind}-button]`)]
  const index = buttons.findIndex((button) => button === document.activeElement)
  if (index === -1) return
  event.preventDefault()
  buttons[index + (event.key === 'ArrowUp' ? -1 : 1)]?.focus()
}
