/** `npm run simulate -- --seed 1 --messages 1000 --peers 4 --faults all`: prints one line of JSON. */
import { parseArgs } from 'node:util'
import { isFlawless, simulate } from '../src/testing/simulation/run.ts'
import { readFaults } from '../src/testing/simulation/fault-names.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    messages: { type: 'string', default: '1000' },
    peers: { type: 'string', default: '4' },
    faults: { type: 'string', default: 'all' },
    apart: { type: 'boolean', default: false },
  },
})
const { findings, ...result } = await simulate({
  seed: Number(values.seed),
  messages: Number(values.messages),
  peers: Number(values.peers),
  faults: readFaults(values.faults),
  apart: values.apart,
})
console.log(JSON.stringify(result))
for (const finding of findings) console.error(finding)
process.exitCode = isFlawless({ ...result, findings }) ? 0 : 1
