/** The contract of file rooms on the real one: the origin private file system of a browser, by way of the files worker. */
import { WorkerRoom } from '../../src/app/files/room.ts'
import { fileRoomContract } from '../../src/testing/file-room-contract.ts'

const room = new WorkerRoom(
  () => new Worker(new URL('../../src/worker/files/files.worker.ts', import.meta.url), { type: 'module' }),
)

const contract = {
  names: fileRoomContract.map(([name]) => name),
  /** Rejects with what does not hold. */
  async run(name: string): Promise<void> {
    for (const blob of await room.list()) await room.remove(blob)
    await fileRoomContract.find(([other]) => other === name)?.[1](room)
  },
}

declare global {
  var contract: {
    readonly names: readonly string[]
    run(name: string): Promise<void>
  }
}
globalThis.contract = contract
