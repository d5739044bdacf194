/** The persistence configuration: defaults, bounds and units are those of the product's requirements. */
export interface PersistenceConfig {
  /** How often reachable peers are looked for where presence does not tell, and open sessions compare. */
  readonly sync_interval_seconds: number
  readonly retry_interval_seconds: number
  readonly cleanup_interval_seconds: number
  /** How long an undelivered message is tried. */
  readonly message_ttl_seconds: number
  readonly max_retry_attempts: number
  /** Messages in one push. */
  readonly max_batch_size: number
}

export const DEFAULT_CONFIG: PersistenceConfig = {
  sync_interval_seconds: 30,
  retry_interval_seconds: 300,
  cleanup_interval_seconds: 3600,
  message_ttl_seconds: 604_800,
  max_retry_attempts: 10,
  max_batch_size: 50,
}
