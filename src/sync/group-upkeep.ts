/**
 * What is said in groups without the user: that we join, when the creator's word has come that we may; and who we are, where to
 * find us, and leave to leave us mail, whenever that changes or someone who had it is out.
 */
import { grantSignedBytes, sealGrant } from '../protocol/grant.ts'
import { toBase64url } from '../protocol/identifiers.ts'
import { GRANT_LIFE_MS } from '../protocol/limits.ts'
import { declareCard, groupsToSeeTo, type GroupNeed, joinIfAdmitted } from '../store/group-upkeep.ts'
import type { GivenGrant } from '../store/grants.ts'
import type { Core } from './core.ts'
import { Coalesced } from './serial.ts'

export class GroupUpkeep {
  readonly #core: Core
  readonly #work = new Coalesced(() => this.#core.guard('look after groups', () => this.#lookAfter()))

  constructor(core: Core) {
    this.#core = core
  }

  /** Groups, the nickname, or where we can be found may have changed. */
  request(): void {
    this.#work.request()
  }

  get isIdle(): boolean {
    return this.#work.isIdle
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.#work.idle()
  }

  async #lookAfter(): Promise<void> {
    const { db, epoch, clock, random, relays } = this.#core.options
    // Until it is known where we can be found there is nothing to say of it.
    const where = relays()
    const now = clock.now()
    for (const need of await groupsToSeeTo(db, epoch, where, now + GRANT_LIFE_MS / 2)) {
      if (need.join) await joinIfAdmitted(db, epoch, need.group, now, random.bytes)
      if (need.card) await this.#tell(need, where)
    }
  }

  async #tell({ group }: GroupNeed, relays: readonly string[]): Promise<void> {
    const { db, epoch, clock, random, mail } = this.#core.options
    const grant = mail === undefined ? null : await this.#newGrant()
    await declareCard(db, epoch, group, { relays, grant }, clock.now(), random.bytes)
  }

  /** For whoever is in the group: it names nobody. */
  async #newGrant(): Promise<GivenGrant> {
    const { self, clock, random, crypto } = this.#core.options
    const grant = {
      owner: self,
      id: toBase64url(random.bytes(16)),
      holder: null,
      ends: clock.now() + GRANT_LIFE_MS,
    }
    return {
      id: grant.id,
      ends: grant.ends,
      sealed: sealGrant(grant, await crypto.sign(grantSignedBytes(grant))),
    }
  }
}
