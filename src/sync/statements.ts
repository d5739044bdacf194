/** Statements of members of groups (SPEC 21): made, told, given and taken, in the sessions with other members. */
import type { PeerId } from '../domain/ids.ts'
import { MalformedError } from '../protocol/cbor.ts'
import { encodeFrame } from '../protocol/frame-codec.ts'
import type { KnownStatements } from '../protocol/frames.ts'
import { openStatement, sealStatement, statementSignedBytes } from '../protocol/group.ts'
import { keyOfPeerId } from '../protocol/identifiers.ts'
import { MAX_STATEMENT_BYTES, MAX_STATEMENTS, PUSH_BYTES } from '../protocol/limits.ts'
import { dueStatements, keepStatement, knownStatements, laterStatements } from '../store/group-statements.ts'
import type { Core } from './core.ts'

/** Whether some of what they know we do not, in the groups that we have in common. */
const isMissing = (ours: readonly KnownStatements[], theirs: readonly KnownStatements[]): boolean =>
  ours.some(({ group, members }) => {
    const numbers = new Map(members.map(({ member, number }) => [member, number]))
    const known = theirs.find((other) => other.group === group)?.members ?? []
    return known.some(({ member, number }) => number > (numbers.get(member) ?? -1))
  })

export class StatementExchange {
  readonly #core: Core
  /** What we said that we know, by session. */
  readonly #told = new Map<string, string>()

  constructor(core: Core) {
    this.#core = core
  }

  forget(session: string): void {
    this.#told.delete(session)
  }

  /** States what is new, and says which statements we have, if that has changed since it was said. */
  async tell(peer: PeerId, session: string): Promise<void> {
    const { options, sessions } = this.#core
    const { db, epoch, clock, crypto } = options
    for (const statement of await dueStatements(db, epoch, peer, clock.now())) {
      const sealed = sealStatement(statement, await crypto.sign(statementSignedBytes(statement)))
      // With so many gaps in so many logs it waits until there are fewer.
      if (sealed.length <= MAX_STATEMENT_BYTES) await keepStatement(db, epoch, statement, sealed)
    }
    const groups = await knownStatements(db, epoch, peer)
    const told = JSON.stringify(groups)
    if (groups.length === 0 || !sessions.has(session) || told === this.#told.get(session)) return
    this.#told.set(session, told)
    sessions.get(session)?.send(encodeFrame({ type: 'known', groups }))
  }

  /** Gives what the peer does not know. */
  async give(peer: PeerId, session: string, theirs: readonly KnownStatements[]): Promise<void> {
    const { options, sessions } = this.#core
    const { db, epoch } = options
    const statements = await laterStatements(db, epoch, peer, theirs, MAX_STATEMENTS, PUSH_BYTES)
    if (statements.length > 0) sessions.get(session)?.send(encodeFrame({ type: 'statements', statements }))
    // They give what we do not have when they hear what we have.
    const ours = await knownStatements(db, epoch, peer)
    if (isMissing(ours, theirs)) sessions.get(session)?.send(encodeFrame({ type: 'known', groups: ours }))
  }

  /** Keeps what is good of them. Returns those whose proofs are to be settled. Throws MalformedError. */
  async take(statements: readonly Uint8Array[]): Promise<PeerId[]> {
    const { db, epoch, crypto } = this.#core.options
    const proven: PeerId[] = []
    for (const sealed of statements) {
      const { statement, signed, signature } = openStatement(sealed)
      const { member } = statement
      if (!(await crypto.verify(keyOfPeerId(member), signature, signed)))
        throw new MalformedError('statement: the signature does not verify')
      if (await keepStatement(db, epoch, statement, sealed)) proven.push(member)
    }
    return proven
  }
}
