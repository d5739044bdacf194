/** The keys that the relay's pushes are signed with (VAPID): kept, since browsers subscribe for one key and no other. */
import { createECDH } from 'node:crypto'
import webpush, { type VapidKeys } from 'web-push'
import { loadSecret } from '../secret-file.ts'

/** Both base64url, the public one as browsers take it. */
export type PushKeys = Readonly<VapidKeys>

/** Reads the keys in `dataDir`, or makes them. Throws StartError when that cannot be done. */
export const loadPushKeys = (dataDir: string): Promise<PushKeys> =>
  loadSecret<PushKeys>(dataDir, {
    file: 'push.key',
    name: 'push key',
    anew: 'make a new one, for which browsers subscribe when they next come',
    make: () => webpush.generateVAPIDKeys(),
    write: (keys) => JSON.stringify(keys),
    read: (text) => {
      const { publicKey, privateKey } = JSON.parse(text) as Partial<Record<keyof PushKeys, unknown>>
      if (typeof publicKey !== 'string' || typeof privateKey !== 'string') throw new Error('no pair of keys')
      if (publicKeyOf(privateKey) !== publicKey) throw new Error('keys that are no pair')
      return { publicKey, privateKey }
    },
  })

function publicKeyOf(privateKey: string): string {
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(privateKey, 'base64url')
  return pair.getPublicKey('base64url')
}
