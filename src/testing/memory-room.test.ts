import { test } from 'vitest'
import { fileRoomContract } from './file-room-contract.ts'
import { MemoryRoom } from './memory-room.ts'

test.each(fileRoomContract)('a file room in memory: %s', async (_name, run) => {
  const room = new MemoryRoom()
  room.quota = 100 * 1024 * 1024
  await run(room)
})
