import { describe, expect, test } from 'vitest'
import { FAULT_NAMES, readFaults } from './fault-names.ts'
import { simulate } from './run.ts'
import { expectFlawless } from './seeds.ts'

const none = readFaults('none')

describe('the simulation', () => {
  test('takes the same course again from the same seed, and another from another', async () => {
    const courses = []
    for (const [seed, apart] of [
      [7, false],
      [7, false],
      [8, false],
      [7, true],
      [7, true],
    ] as const) {
      const faults = new Set(FAULT_NAMES)
      courses.push((await simulate({ seed, messages: 120, peers: 3, faults, apart })).course)
    }
    expect(courses[1]).toBe(courses[0])
    expect(courses[2]).not.toBe(courses[0])
    expect(courses[4]).toBe(courses[3])
  })

  test('delivers everything where nothing fails', async () => {
    const result = await expectFlawless({ seed: 1, messages: 300, peers: 4, faults: none })
    expect(result.delivered).toBe(300)
  })

  test('delivers everything by mail where nobody ever meets', async () => {
    const result = await expectFlawless({ seed: 1, messages: 200, peers: 4, faults: none, apart: true })
    expect(result.delivered).toBe(200)
    expect(result.byMail).toBeGreaterThan(80)
  })

  test.each(FAULT_NAMES)('survives %s alone, which does strike', async (name) => {
    // What happens to mail is seen where there is some.
    const apart = name.startsWith('mail-')
    const result = await expectFlawless({
      seed: 5,
      messages: 300,
      peers: 3,
      faults: new Set([name]),
      apart,
      minutesPerMessage: 8,
    })
    if (name !== 'delay' && name !== 'nicknames') expect(result.struck[name]).toBeGreaterThan(0)
  })

  test('has all faults of a name, and says which names there are', () => {
    expect(readFaults('drop, crash')).toEqual(new Set(['drop', 'crash']))
    expect(() => readFaults('gremlins')).toThrow('partition')
  })
})
