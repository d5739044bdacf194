import type { Format } from '../format.ts'
import { appearance } from './appearance.ts'
import { conversation } from './conversation.ts'
import { files } from './files.ts'
import { groups } from './groups.ts'
import { managing } from './managing.ts'
import { people } from './people.ts'
import { problem, trouble } from './problems.ts'
import { settings } from './settings.ts'
import { shell } from './shell.ts'
import { start } from './start.ts'

export const english = (format: Format) => ({
  problem,
  trouble,
  ...start(format),
  ...shell(format),
  ...people(format),
  ...conversation(format),
  ...files(format),
  ...groups(format),
  ...managing(format),
  ...settings(format),
  ...appearance,
})
