/**
 * Ways to break the product on purpose, each against one promise that the simulation holds it to. A simulation
 * that does not catch them all proves nothing.
 */
import type { FaultName } from './fault-names.ts'
import { GROUP_MUTATIONS } from './group-mutations.ts'
import { MAIL_MUTATIONS } from './mail-mutations.ts'

export interface Replacement {
  /** From the root of the project. */
  readonly file: string
  /** Stands there once, letter for letter. */
  readonly from: string
  readonly to: string
}

export interface Mutation {
  readonly name: string
  /** What catches it. */
  readonly faults: readonly FaultName[] | 'all'
  /** People never meet again, so that mail has to do it. */
  readonly apart?: boolean
  /** It is a promise of groups: what simulates one catches it. */
  readonly inGroup?: boolean
  readonly replacements: readonly Replacement[]
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'acknowledge before the commit',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/inbox.ts',
        from: `  return db.transaction('rw', tables, async () => {
    const ids = sent.map(`,
        to: `  const early = Promise.withResolvers<Accepted>()
  db.transaction('rw', tables, async () => {
    const ids = sent.map(`,
      },
      {
        file: 'src/store/inbox.ts',
        from: `    return joined({ proofs: reception.proofs(), refused: reception.refused }, others)
  })
}`,
        to: `    early.resolve(joined({ proofs: reception.proofs(), refused: reception.refused }, others))
  }).catch(early.reject)
  return early.promise
}`,
      },
    ],
  },
  {
    // Two more things stand in the way of a second row, the key and the rule against conflicts: both are taken out of it.
    name: 'store what was accepted before',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/reception.ts',
        from: 'if (isNew && !known.has(message.id)) store(item)',
        to: 'if (isNew || known.size >= 0) store(item)',
      },
      {
        file: 'src/store/reception.ts',
        from: "return holder === undefined || holder.id === message.id ? null : refuse('conflict', true)",
        to: 'return null',
      },
      {
        file: 'src/store/reception.ts',
        from: '    rows.push(row)',
        to: '    rows.push({ ...row, id: `${row.id} ${context.now} ${rows.length}` as MessageId })',
      },
    ],
  },
  {
    name: 'send again what a token stands for',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/outbox.ts',
        from: 'if (sent !== undefined) return sent',
        to: 'if (sent === null) return sent',
      },
      { file: 'src/store/outbox.ts', from: 'await db.sent_tokens.add(', to: 'await db.sent_tokens.put(' },
    ],
  },
  {
    name: 'push without a lease',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/leases.ts',
        from: 'if (taken) return false',
        to: 'if (taken && lease.holder === holder) return false',
      },
    ],
  },
  {
    name: 'let the status go back',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/receipts.ts',
        from: 'const read = union(row.read, intersection(proof.read, written))',
        to: 'const read = intersection(proof.read, written)',
      },
    ],
  },
  {
    name: 'settle up to the highest, over gaps',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/receipts.ts',
        from: 'const delivered = union(union(row.delivered, intersection(proof.accepted, written)), read)',
        to: `const through: SequenceSet = proof.accepted.length === 0 ? [] : [[1, highest(proof.accepted)]]
      const delivered = union(union(row.delivered, intersection(through, written)), read)`,
      },
    ],
  },
  {
    name: 'ignore the epoch',
    faults: 'all',
    replacements: [
      {
        file: 'src/store/leadership.ts',
        from: 'if (current !== epoch) throw',
        to: 'if (current < epoch) throw',
      },
    ],
  },
  {
    name: 'order by the own clock alone',
    faults: 'all',
    replacements: [
      {
        file: 'src/domain/ordering.ts',
        from: 'if (own > seen.ms) return { ms: own, logical: 0 }',
        to: 'if (own !== seen.ms) return { ms: own, logical: 0 }',
      },
    ],
  },
  ...MAIL_MUTATIONS,
  ...GROUP_MUTATIONS,
]
