/** What the page learns from the browser around it, as runes. */
import { createSubscriber } from 'svelte/reactivity'
import { on } from 'svelte/events'

const watchVisibility = createSubscriber((update) => on(document, 'visibilitychange', update))

/** Whether the tab is before the user's eyes. */
export function isPageVisible(): boolean {
  watchVisibility()
  return document.visibilityState === 'visible'
}

const MINUTE_MS = 60_000

const watchClock = createSubscriber((update) => {
  const timer = setInterval(update, MINUTE_MS)
  // A sleeping machine stops the timer: look at the clock when the page is looked at again.
  const stopWatching = on(document, 'visibilitychange', update)
  return () => {
    clearInterval(timer)
    stopWatching()
  }
})

/** The time in milliseconds since the Unix epoch, read again every minute: enough for "Today" and weekdays. */
export function currentMinute(): number {
  watchClock()
  return Date.now()
}

/** Whether a keyboard is likely at hand, so that moving the focus into a text field raises no other one. */
export const hasKeyboard = (): boolean => matchMedia('(hover: hover) and (pointer: fine)').matches
