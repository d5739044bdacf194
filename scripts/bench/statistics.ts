/** The middle of some numbers. */
export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5)

/** What so large a part of some numbers is not above. */
export function quantile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN
}
