import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'

/**
 * The layers, lowest first: a file may import from its own layer and from those before it. `worker` stands
 * beside `net`.
 */
const LAYERS = ['domain', 'protocol', 'store', 'sync', 'net', 'worker', 'app', 'ui']
/** What a layer may import that is no file of ours; layers that are not named are free. */
const PACKAGES = {
  domain: [],
  protocol: ['cborg', '@noble/.*', '@scure/.*'],
  store: ['dexie'],
  sync: [],
}
/** Only what the ports give (D12): these layers run in tabs, in workers, in Node and in simulations. */
const PURE = ['domain', 'protocol', 'store', 'sync', 'net']
const WORLD = [
  ...[
    'window',
    'document',
    'navigator',
    'location',
    'localStorage',
    'indexedDB',
    'console',
    'crypto',
    'fetch',
  ],
  ...['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame', 'performance'],
]

const layerRules = LAYERS.map((layer, i) => {
  const beside = layer === 'worker' ? ['net'] : []
  const above = [...beside, ...LAYERS.slice(i + 1)].join('|')
  const patterns = []
  if (above !== '')
    patterns.push({
      regex: `^(\\.\\./)+(${above})/`,
      message: `${layer} may not import from layers above it.`,
    })
  if (layer !== 'ui' && layer !== 'app')
    patterns.push({ regex: '^(\\.\\./)+(relay|testing)/', message: `${layer} may not import this.` })
  const packages = PACKAGES[layer]
  if (packages !== undefined)
    patterns.push({
      regex: packages.length === 0 ? '^[^.]' : `^(?!\\.|(${packages.join('|')})(/|$))`,
      message: `${layer} may not import this package.`,
    })
  return {
    files: [`src/${layer}/**/*.{ts,svelte}`],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  }
})

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'data/', 'test-results/', 'playwright-report/'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...ts.configs.stylisticTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      // Promises of nothing are written so.
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "Identifier[name='waitForTimeout']", message: 'Wait for a condition, never for time.' },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  ...layerRules,
  {
    files: PURE.map((layer) => `src/${layer}/**/*.ts`),
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': ['error', ...WORLD],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Use the Clock port.' },
        { object: 'Math', property: 'random', message: 'Use the Random port.' },
        { object: 'globalThis', property: 'crypto', message: 'Use the Crypto port.' },
      ],
    },
  },
  {
    files: ['relay/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(\\.\\./)+src/(?!protocol/|domain/)',
              message: 'The relay knows protocol and domain only.',
            },
          ],
        },
      ],
    },
  },
  { files: ['**/*.{js,mjs}'], extends: [ts.configs.disableTypeChecked] },
)
