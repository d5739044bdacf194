/** Statements that are used again and again, prepared once. */
import type { BindableValue, Database, PreparedStatement, SqlValue } from '@sqlite.org/sqlite-wasm'

export class Statements {
  readonly #db: Database
  readonly #prepared = new Map<string, PreparedStatement>()

  constructor(db: Database) {
    this.#db = db
  }

  run(sql: string, ...values: BindableValue[]): void {
    this.#step(sql, values, () => null)
  }

  /** The first column of the first row; undefined when there is none. */
  value(sql: string, ...values: BindableValue[]): SqlValue | undefined {
    return this.#step(sql, values, (statement) => statement.get(0))
  }

  #step<T>(sql: string, values: BindableValue[], read: (row: PreparedStatement) => T): T | undefined {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) this.#prepared.set(sql, (statement = this.#db.prepare(sql)))
    try {
      if (values.length > 0) statement.bind(values)
      return statement.step() ? read(statement) : undefined
    } finally {
      statement.reset()
    }
  }
}
