/** The relay's peer key: kept, so that the peer id stays. */
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { loadSecret } from './secret-file.ts'

/** Reads the key in `dataDir`, or makes it. Throws StartError when that cannot be done. */
export const loadKey = (dataDir: string): Promise<PrivateKey> =>
  loadSecret<PrivateKey>(dataDir, {
    file: 'relay.key',
    name: 'peer key',
    anew: 'give the relay a new peer id',
    make: () => generateKeyPair('Ed25519'),
    write: (key) => Buffer.from(privateKeyToProtobuf(key)).toString('base64'),
    read: (text) => {
      const key = privateKeyFromProtobuf(Buffer.from(text, 'base64'))
      if (key.type !== 'Ed25519') throw new Error(`a key of type ${key.type}`)
      return key
    },
  })
