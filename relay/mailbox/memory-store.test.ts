import { MemoryMailboxStore } from './memory-store.ts'
import { mailboxStoreContract } from './store-contract.ts'

mailboxStoreContract((room) => Promise.resolve(new MemoryMailboxStore(room)))
