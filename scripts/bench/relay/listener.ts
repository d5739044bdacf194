/** The client that answers talks, in a process of its own: `node listener.ts <relay>`. Tells whoever started it its peer id. */
import { clientNode } from '../../../relay/test-node.ts'
import { answerTalks } from './talk.ts'

const [, , relay] = process.argv
const node = await clientNode(relay)
await answerTalks(node)
process.on('disconnect', () => process.exit(0))
process.send?.(node.peerId.toString())
