import { describe } from 'vitest'
import { MemoryNetwork } from './memory-network.ts'
import { person } from './people.ts'
import { transportContract } from './transport-contract.ts'

describe('the network in memory is a Transport', () => {
  let network = new MemoryNetwork()
  let people = 0
  transportContract(
    (twin) => {
      const peerId = twin ?? person('someone', ++people).peerId
      return Promise.resolve({ peerId, transport: network.transport(peerId) })
    },
    () => {
      network = new MemoryNetwork()
      return Promise.resolve()
    },
  )
})
