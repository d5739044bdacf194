import type { GigiApp } from '../../app/api.ts'
import { CONFIG_KEYS, type ConfigKey, configProblems, type PersistenceConfig } from '../../domain/config.ts'
import { attempt, type Problem } from '../attempt.ts'

/** What is typed into the settings and holds when it is saved: the nickname and the numbers of the delivery. */
export class SettingsDraft {
  readonly #app: GigiApp
  #nickname = $state('')
  #numbers = $state.raw({} as Readonly<Record<ConfigKey, string>>)
  /** As it was stored last. */
  #stored = $state.raw('')
  #nicknameProblem = $state<Problem | null>(null)
  #numberProblems = $state.raw<readonly ConfigKey[]>([])
  #busy = $state(false)

  /** What is typed starts from what is stored, and is then the user's own. */
  constructor(app: GigiApp, nickname: string, config: PersistenceConfig) {
    this.#app = app
    this.#nickname = nickname
    const numbers = CONFIG_KEYS.map((key) => [key, String(config[key])])
    this.#numbers = Object.fromEntries(numbers) as Record<ConfigKey, string>
    this.#stored = this.#typed
  }

  get nickname(): string {
    return this.#nickname
  }

  set nickname(nickname: string) {
    this.#nickname = nickname
    this.#nicknameProblem = null
  }

  get numbers(): Readonly<Record<ConfigKey, string>> {
    return this.#numbers
  }

  setNumber(key: ConfigKey, value: string): void {
    this.#numbers = { ...this.#numbers, [key]: value }
    this.#numberProblems = this.#numberProblems.filter((other) => other !== key)
  }

  get nicknameProblem(): Problem | null {
    return this.#nicknameProblem
  }

  /** The numbers that will not do. */
  get numberProblems(): readonly ConfigKey[] {
    return this.#numberProblems
  }

  get busy(): boolean {
    return this.#busy
  }

  /** Whether something is typed that is not stored. */
  get changed(): boolean {
    return this.#typed !== this.#stored
  }

  /** Stores all of it. Whether that went well; what did not is said of the field it concerns. */
  async save(): Promise<boolean> {
    const numbers = Object.fromEntries(
      // An empty field is no number, though JavaScript takes it for zero.
      CONFIG_KEYS.map((key) => [key, this.#numbers[key].trim() === '' ? NaN : Number(this.#numbers[key])]),
    ) as Record<ConfigKey, number>
    this.#numberProblems = configProblems(numbers)
    if (this.#numberProblems.length > 0) return false
    const typed = this.#typed
    this.#busy = true
    const stopped =
      (await attempt(() => this.#app.commands.setNickname(this.#nickname))) ??
      (await attempt(() => this.#app.commands.saveConfig(numbers)))
    this.#busy = false
    this.#nicknameProblem = stopped
    if (stopped === null) this.#stored = typed
    return stopped === null
  }

  get #typed(): string {
    return JSON.stringify([this.#nickname, this.#numbers])
  }
}
