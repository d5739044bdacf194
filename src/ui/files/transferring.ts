/** Files out of what was pasted or dropped. */

/** None where it is something else, such as text with a picture of itself beside it. */
export function filesIn(data: DataTransfer | null): File[] {
  if (data === null || data.types.includes('text/plain')) return []
  return [...data.files]
}

/** Whether what is dragged over the page may be files; what it is exactly is told when it is dropped. */
export const mayBeFiles = (data: DataTransfer | null): boolean => data?.types.includes('Files') === true
