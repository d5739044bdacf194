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
        from: 'const outcome = await reach(mailbox.deposit(at, { id, item }))',
        to: `await noteHeld(db, epoch, peer, [id])
    const outcome = await reach(mailbox.deposit(at, { id, item }))`,
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
        from: 'idsOf(asked, (id) => !held.has(id)),',
        to: 'idsOf(asked, (id) => held.has(`not ${id}`)),',
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
    name: 'owe no proof for what came by mail',
    faults: 'all',
    apart: true,
    replacements: [
      {
        file: 'src/sync/letters.ts',
        from: "if (letter.frames.some(({ type }) => type === 'push'))",
        to: "if (letter.frames.some(({ type }) => type === 'grant' && letter.frames.length === 0))",
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
  {
    name: 'confirm before the commit',
    faults: 'all',
    apart: true,
    replacements: [
      {
        file: 'src/sync/mailroom.ts',
        from: `          const peer = await takeItem(mail, item)
          await reach(mail.mailbox.confirm([item.id]))`,
        to: `          await reach(mail.mailbox.confirm([item.id]))
          const peer = await takeItem(mail, item)`,
      },
    ],
  },
  {
    name: 'make voids of what is in mail',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/log-writer.ts',
        from: 'const filled = firstOf(difference(lacking, inMail), limit)',
        to: 'const filled = firstOf(difference(lacking, inMail.slice(0, 0)), limit)',
      },
    ],
  },
  {
    name: 'make voids by the summary of a letter',
    faults: 'all',
    replacements: [
      {
        file: 'src/sync/letters.ts',
        from: 'await recordOldSummary(context, sender, frame)',
        to: 'await recordSummary(context, sender, frame)',
      },
      {
        file: 'src/sync/letters.ts',
        from: 'import { acceptPush, type EffectContext, recordOldSummary, seal, summarize }',
        to: 'import { acceptPush, type EffectContext, recordSummary, seal, summarize }',
      },
    ],
  },
  {
    name: 'leave it again under another id when the answer was lost',
    faults: 'all',
    replacements: [
      {
        file: 'src/sync/posting.ts',
        from: "(await openDeposits(db, epoch, peer)).filter((row) => row.state === 'sending')",
        to: "(await openDeposits(db, epoch, peer)).filter((row) => row.state === 'sending').slice(at.relays.length, 0)",
      },
    ],
  },
]
