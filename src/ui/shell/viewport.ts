/**
 * Keeps the page above the keyboard of browsers that lay it over the page instead of making the page smaller
 * (Safari on phones does not know `interactive-widget`). Returns how to stop.
 */
export function keepAboveKeyboard(window: Window): () => void {
  const { visualViewport, document } = window
  const root = document.documentElement
  if (visualViewport === null) return () => undefined

  const fit = (): void => {
    // Zoomed in with two fingers, the visible part says nothing about a keyboard.
    const covered = visualViewport.scale === 1 && window.innerHeight - visualViewport.height > 1
    if (covered) {
      root.style.setProperty('--app-height', `${visualViewport.height}px`)
      window.scrollTo(0, 0)
    } else root.style.removeProperty('--app-height')
  }
  visualViewport.addEventListener('resize', fit)
  return () => {
    visualViewport.removeEventListener('resize', fit)
  }
}
