import type { Format } from '../format.ts'
import { conversation } from './conversation.ts'
import { managing } from './managing.ts'
import { people } from './people.ts'
import { problem, trouble } from './problems.ts'
import { settings } from './settings.ts'
import { shell } from './shell.ts'
import { start } from './start.ts'

export const english = (format: Format) => ({
  problem,
  trouble,
  ...start,
  ...shell(format),
  ...people,
  ...conversation(format),
  ...managing(format),
  ...settings(format),
})
