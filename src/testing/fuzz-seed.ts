/**
 * The seed of all property tests. The same one each time, so that a failure belongs to the change that was made;
 * `FUZZ_SEED=random`, or a number, looks elsewhere.
 */
import fc from 'fast-check'

const { FUZZ_SEED: asked = '1' } = process.env
if (asked !== 'random') {
  const seed = Number(asked)
  if (!Number.isSafeInteger(seed)) throw new Error(`FUZZ_SEED is a whole number or "random", not ${asked}`)
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
}
