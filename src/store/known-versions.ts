/** Opening databases of versions that this app knows, and no others. */

type Open = (name: string, version?: number) => IDBOpenDBRequest

/**
 * A factory that refuses what Dexie does where a database is newer than asked for: it opens it without a version, and may
 * change its tables back. `onNewer` is called then, before the refusal, which is a VersionError.
 */
export function knownVersionsOnly(factory: IDBFactory, onNewer: () => void): IDBFactory {
  const open: Open = (name, version) => {
    if (version !== undefined) return factory.open(name, version)
    onNewer()
    throw new DOMException('a newer version of the app has changed this database', 'VersionError')
  }
  return new Proxy(factory, {
    get(target, key) {
      if (key === 'open') return open
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
