import { expect, test } from 'vitest'
import { Budget } from './budget.ts'

test('who finds too little left waits in order, the small behind the large', async () => {
  const budget = new Budget(10)
  const order: string[] = []
  const take = (name: string, amount: number) => budget.take(amount).then(() => order.push(name))
  await take('first', 6)
  expect([budget.has(4), budget.has(5)]).toEqual([true, false])
  const [large, small] = [take('large', 8), take('small', 2)]
  expect(budget.has(1)).toBe(false)
  await Promise.resolve()
  expect(order).toEqual(['first'])
  budget.give(6)
  await Promise.all([large, small])
  expect(order).toEqual(['first', 'large', 'small'])
  expect(budget.has(1)).toBe(false)
  budget.give(8)
  expect(budget.has(8)).toBe(true)
})

test('who wants nothing does not wait for those who want much', async () => {
  const budget = new Budget(1)
  await budget.take(1)
  void budget.take(1)
  expect(budget.has(0)).toBe(true)
  await budget.take(0)
})
