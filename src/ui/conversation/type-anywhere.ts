/** What takes letters itself. */
const TAKES_LETTERS = 'input, textarea, select, [contenteditable="true"]'

/** Whoever types and has chosen no field means the message: the letter goes into `field`. Returns how to stop. */
export function typeAnywhere(field: HTMLElement): () => void {
  const onkeydown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    // A space presses what has the focus, or scrolls; other keys have names of several letters.
    if (!/^\S$/u.test(event.key)) return
    if (document.activeElement?.matches(TAKES_LETTERS) === true) return
    // What lies over the page has the word.
    if (document.querySelector('[role="dialog"], [role="menu"]') !== null) return
    field.focus()
  }
  window.addEventListener('keydown', onkeydown)
  return () => {
    window.removeEventListener('keydown', onkeydown)
  }
}
