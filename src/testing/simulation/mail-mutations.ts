/** Ways to break mail on purpose, as in `mutations.ts`. */
import type { Mutation } from './mutations.ts'

export const MAIL_MUTATIONS: readonly Mutation[] = [
  {
    name: 'say Delivered when the mailbox has it',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/deposits.ts',
        from: "advance(sync_status, 'Synced'))",
        to: "advance(sync_status, 'Delivered'))",
      },
    ],
  },
  {
    name: 'say Synced before the mailbox has answered',
    faults: 'all',
    replacements: [
      {
        file: 'src/sync/posting.ts',
        from: 'const outcome = await reach(mailbox.deposit(at,',
        to: `await noteHeld(db, epoch, peer, [id])
    const outcome = await reach(mailbox.deposit(at,`,
      },
    ],
  },
  {
    name: 'take what is in mail out of the queue',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/deposits.ts',
        from: "await db.deposits.put({ ...row, state: 'held' })",
        to: `await db.deposits.put({ ...row, state: 'held' })
      await db.offline_queue.bulkDelete(row.message_ids.map((message) => [peer, message]))`,
      },
    ],
  },
  {
    name: 'strike out nothing that the mailbox lost',
    faults: 'all',
    apart: true,
    replacements: [
      {
        file: 'src/sync/posting.ts',
        from: 'const lost = idsOf(asked, (id) => !held.has(id))',
        to: 'const lost = idsOf(asked, (id) => held.has(`not ${id}`))',
      },
    ],
  },
  {
    name: 'leave it Synced when the mailbox has lost it',
    faults: 'all',
    apart: true,
    replacements: [
      {
        file: 'src/store/deposits.ts',
        from: "sync_status === 'Synced' ? 'Pending' : sync_status,",
        to: 'sync_status,',
      },
    ],
  },
  {
    name: 'revoke nothing',
    faults: 'all',
    replacements: [
      {
        file: 'src/sync/mailroom.ts',
        from: 'if (revoked.length > 0) await reach(mailbox.revoke(revoked))',
        to: 'if (revoked.length < 0) await reach(mailbox.revoke(revoked))',
      },
    ],
  },
  {
    // Sessions are closed besides, nothing is said in them, and letters are not read: all of it is taken out.
    name: 'take what comes from someone blocked',
    faults: 'all',
    replacements: [
      {
        file: 'src/sync/letters.ts',
        from: "sender))?.state === 'blocked') throw",
        to: 'sender))?.peer_id === null) throw',
      },
      {
        file: 'src/store/summary.ts',
        from: "if (contact?.state === 'blocked') return null",
        to: 'if (contact?.peer_id === null) return null',
      },
      {
        file: 'src/sync/decide.ts',
        from: "return [state, state.sessions.map(({ id }) => ({ type: 'close', session: id, reason: 'blocked' }))]",
        to: 'return [state, []]',
      },
      {
        file: 'src/store/reception.ts',
        from: "if (stored?.state === 'blocked') throw",
        to: 'if (stored?.peer_id === null) throw',
      },
    ],
  },
  {
    name: 'believe a letter whoever signed it',
    faults: 'all',
    replacements: [
      {
        file: 'src/sync/letters.ts',
        from: 'return (await crypto.verify(keyOfPeerId(letter.sender), signature, signed)) ? letter : null',
        to: 'return signed.length + signature.length + crypto.verify.length > 0 ? letter : null',
      },
    ],
  },
]
