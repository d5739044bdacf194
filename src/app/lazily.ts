/** What is loaded when it is first wanted. */

/** An object that does nothing but answer questions and carry out commands, each in its own time. */
type Asynchronous<T> = { readonly [Name in keyof T]: (...given: never[]) => Promise<unknown> }

/**
 * Stands for what `load` gives: the first call of a method loads it, and each call is passed on when it is there, in the order
 * of the calls. A call rejects when it cannot be loaded; the next one tries again.
 */
export function lazily<T extends Asynchronous<T>>(load: () => Promise<T>): T {
  let loading: Promise<T> | undefined
  const loaded = (): Promise<T> =>
    (loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    }))
  return new Proxy({} as T, {
    get:
      (_, name) =>
      async (...given: never[]): Promise<unknown> =>
        (await loaded())[name as keyof T](...given),
  })
}
