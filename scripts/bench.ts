/** `npm run bench [-- name]`: measures that against what it is built on, and prints the figures. */

/** What can be measured, by name; the app without one. */
const BENCHES: Readonly<
  Record<string, () => Promise<{ bench: (args: readonly string[]) => Promise<void> }>>
> = {
  app: () => import('./bench/app.ts'),
  files: () => import('./bench/files.ts'),
  mailbox: () => import('./bench/mailbox.ts'),
  relay: () => import('./bench/relay.ts'),
}

const args = process.argv.slice(2)
const name = args.find((arg) => !arg.startsWith('--')) ?? 'app'
const load = BENCHES[name]
if (load === undefined) {
  process.stderr.write(`npm run bench -- ${Object.keys(BENCHES).join(' | ')}\n`)
  process.exitCode = 1
} else {
  await (await load()).bench(args.filter((arg) => arg.startsWith('--')))
}

export {}
