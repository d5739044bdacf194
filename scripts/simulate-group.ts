/** `npm run simulate-group -- --seed 1 --members 5 --messages 100 --changes 6 --gone 1 --faults all`: prints one line of JSON. */
import { parseArgs } from 'node:util'
import { readFaults } from '../src/testing/simulation/fault-names.ts'
import { isFlawlessGroup, simulateGroup } from '../src/testing/simulation/group-run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    members: { type: 'string', default: '5' },
    messages: { type: 'string', default: '100' },
    changes: { type: 'string', default: '6' },
    gone: { type: 'string', default: '1' },
    faults: { type: 'string', default: 'all' },
    history: { type: 'string', default: 'all' },
  },
})
const { findings, ...result } = await simulateGroup({
  seed: Number(values.seed),
  members: Number(values.members),
  messages: Number(values.messages),
  changes: Number(values.changes),
  gone: Number(values.gone),
  faults: readFaults(values.faults),
  history: values.history === 'joining' ? 'joining' : 'all',
})
console.log(JSON.stringify(result))
for (const finding of findings) console.error(finding)
process.exitCode = isFlawlessGroup({ ...result, findings }) ? 0 : 1
