/** `npm run bench -- mailbox`: measures that against what it is built on, and prints the figures. */

/** What can be measured, by name. */
const BENCHES: Readonly<Record<string, () => Promise<{ bench: () => Promise<void> }>>> = {
  mailbox: () => import('./bench/mailbox.ts'),
}

const [asked = ''] = process.argv.slice(2)
const load = BENCHES[asked]
if (load === undefined) {
  process.stderr.write(`npm run bench -- ${Object.keys(BENCHES).join(' | ')}\n`)
  process.exitCode = 1
} else {
  await (await load()).bench()
}

export {}
