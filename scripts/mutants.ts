/** Breaks the product in each of the known ways and says which seed of the simulation shows it. */
import { simulateMutant } from '../src/testing/simulation/mutants.ts'
import { MUTATIONS } from '../src/testing/simulation/mutations.ts'

for (const mutation of MUTATIONS) {
  const { caught, seed, output } = await simulateMutant(mutation)
  console.log(
    `${caught ? `caught by seed ${String(seed)}` : 'NOT CAUGHT'}: ${mutation.name}\n  ${output.slice(0, 500)}`,
  )
  if (!caught) process.exitCode = 1
}
