/** What people do in groups, on devices of tests of the engine. */
import type { ConversationId } from '../domain/ids.ts'
import { memberOf } from '../domain/group.ts'
import { getHistory, markAllAsRead } from '../store/history.ts'
import { createGroup, joinGroup, leaveGroup, removeFromGroup } from '../store/membership.ts'
import { sendMessage } from '../store/outbox.ts'
import type { Device } from './device.ts'
import { until } from './fake-world.ts'

/** Makes a group in which whoever is named is invited. */
export const makeGroup = (
  by: Device,
  name: string,
  invited: readonly Device[],
  history: 'joining' | 'all' = 'joining',
): Promise<ConversationId> =>
  createGroup(
    by.db,
    { name, history, members: invited.map(({ who }) => who.peerId) },
    by.time.now(),
    by.who.random.bytes,
  )

/** Joins as soon as the invitation is there. */
export async function join(device: Device, group: ConversationId): Promise<void> {
  await until(async () => (await device.db.groups.get(group)) !== undefined, 'an invitation')
  const row = await device.db.groups.get(group)
  if (row === undefined) throw new Error('no invitation')
  const invitation = { id: group, name: row.state.name, inviter: row.creator }
  await joinGroup(device.db, invitation, device.time.now(), device.who.random.bytes)
}

export const leave = (device: Device, group: ConversationId): Promise<void> =>
  leaveGroup(device.db, group, device.time.now(), device.who.random.bytes)

export const remove = (by: Device, group: ConversationId, whom: Device): Promise<void> =>
  removeFromGroup(by.db, group, whom.who.peerId, by.time.now(), by.who.random.bytes)

export const say = (device: Device, group: ConversationId, text: string) =>
  sendMessage(device.db, group, { type: 'Text', text }, device.time.now(), device.who.random.bytes)

/** Whether all of them know that all of them have joined. */
export const allJoined =
  (devices: readonly Device[], group: ConversationId) => async (): Promise<boolean> => {
    for (const { db } of devices) {
      const row = await db.groups.get(group)
      if (row === undefined) return false
      if (devices.some(({ who }) => memberOf(row.state, who.peerId)?.standing !== 'joined')) return false
    }
    return true
  }

/** The texts of a group, in order. */
export async function textsIn(device: Device, group: ConversationId): Promise<string[]> {
  const { rows } = await getHistory(device.db, group, null, 1000)
  return rows.flatMap((row) =>
    row.content_type === 'Text' ? [(JSON.parse(row.content_json) as { text: string }).text] : [],
  )
}

/** The statuses of what someone said in a group, in order. */
export async function statusesIn(device: Device, group: ConversationId): Promise<string[]> {
  const { rows } = await getHistory(device.db, group, null, 1000)
  return rows
    .filter((row) => row.direction === 'Sent' && row.content_type === 'Text')
    .map((row) => row.sync_status)
}

export const readIn = (device: Device, group: ConversationId): Promise<void> =>
  markAllAsRead(device.db, group, device.time.now())
