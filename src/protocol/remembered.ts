/**
 * A pure function that remembers what it gave for the last arguments, at most `limit` of them: for what is asked again and
 * again of the same few. What it gives is shared: nobody may change it.
 */
export function remembered<V>(limit: number, make: (key: string) => V): (key: string) => V {
  const known = new Map<string, V>()
  return (key) => {
    const before = known.get(key)
    if (before !== undefined) return before
    const made = make(key)
    const oldest = known.size < limit ? undefined : known.keys().next().value
    if (oldest !== undefined) known.delete(oldest)
    known.set(key, made)
    return made
  }
}
