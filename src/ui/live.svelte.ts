/** The one bridge from the store's live queries to runes. */
import { liveQuery } from 'dexie'

export interface Live<T> {
  /**
   * The newest result, undefined before the first. Throws what the query threw, so that a failing store shows at
   * the nearest error boundary instead of passing for an empty one.
   */
  readonly current: T | undefined
}

/**
 * Runs `query` now and again whenever what it read from the store changes, as long as the component lives that
 * called this. `input` is read as a rune: when it changes, the query runs anew with it, and `current` keeps the
 * old result until the new one is there.
 */
export function live<T>(query: () => Promise<T>): Live<T>
export function live<T, I>(query: (input: I) => Promise<T>, input: () => I): Live<T>
export function live<T, I>(query: (input?: I) => Promise<T>, input?: () => I): Live<T> {
  let result = $state.raw<{ value: T } | { error: unknown }>()

  $effect(() => {
    // Dexie calls the query later, outside of this effect, so what it depends on has to be read here.
    const value = input?.()
    const subscription = liveQuery(() => query(value)).subscribe({
      next: (value) => (result = { value }),
      error: (error: unknown) => (result = { error }),
    })
    return () => {
      subscription.unsubscribe()
    }
  })

  return {
    get current() {
      if (result === undefined) return undefined
      if ('error' in result) throw result.error
      return result.value
    },
  }
}
