/** The persistence configuration. Defaults, bounds and units are those of the product's requirements. */
export interface PersistenceConfig {
  /** How often reachable peers are looked for where presence does not tell, and open sessions compare. */
  readonly sync_interval_seconds: number
  /** The wait before the first timed attempt; each one after waits twice as long as the one before. */
  readonly retry_interval_seconds: number
  readonly cleanup_interval_seconds: number
  /** How long an undelivered message is tried. */
  readonly message_ttl_seconds: number
  /** Timed attempts; after them a message still goes out when its recipient appears. */
  readonly max_retry_attempts: number
  /** Messages in one push. */
  readonly max_batch_size: number
}

export type ConfigKey = keyof PersistenceConfig

export interface ConfigBounds {
  readonly default: number
  readonly min: number
  readonly max: number
}

export const CONFIG_BOUNDS: Readonly<Record<ConfigKey, ConfigBounds>> = {
  sync_interval_seconds: { default: 30, min: 1, max: 86_400 },
  retry_interval_seconds: { default: 300, min: 1, max: 86_400 },
  cleanup_interval_seconds: { default: 3600, min: 1, max: 604_800 },
  message_ttl_seconds: { default: 604_800, min: 1, max: 31_536_000 },
  max_retry_attempts: { default: 10, min: 0, max: 50 },
  max_batch_size: { default: 50, min: 1, max: 1000 },
}

export const CONFIG_KEYS = Object.keys(CONFIG_BOUNDS) as ConfigKey[]

export const DEFAULT_CONFIG = Object.fromEntries(
  CONFIG_KEYS.map((key) => [key, CONFIG_BOUNDS[key].default]),
) as Record<ConfigKey, number> satisfies PersistenceConfig

/** Whether `value` may stand for `key`: a whole number within its bounds. */
export function isWithinBounds(key: ConfigKey, value: number): boolean {
  const { min, max } = CONFIG_BOUNDS[key]
  return Number.isInteger(value) && value >= min && value <= max
}

/** The keys whose values will not do. */
export const configProblems = (config: PersistenceConfig): ConfigKey[] =>
  CONFIG_KEYS.filter((key) => !isWithinBounds(key, config[key]))
