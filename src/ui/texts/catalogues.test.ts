import { describe, expect, test } from 'vitest'
import type { GapView, MessageView, PeerStatus } from '../../app/api.ts'
import { arabic } from './ar/index.ts'
import { english } from './en/index.ts'
import { createFormat } from './format.ts'
import type { Texts } from './texts.svelte.ts'

const inEnglish = english(createFormat('en-GB', 'ltr'))
const inArabic = arabic(createFormat('ar-EG', 'rtl'))

const gap: GapView = { place: '', count: 7, author: 'other', lost: false }
const peer: PeerStatus = { online: true, path: 'direct', typing: false }
const message = { status: 'Delivered', refused: false, mailboxFull: false } as MessageView

type Call = (texts: Texts) => unknown

/** What is said of something, with what has to be found in it again: every function of the catalogue once. */
const CALLS: Readonly<Record<string, readonly [Call, ...(string | number)[]]>> = {
  'start.invitedBy': [({ start }) => start.invitedBy('Zoe'), 'Zoe'],
  'start.invitedLead': [({ start }) => start.invitedLead('Zoe'), 'Zoe'],
  'lost.lead': [({ lost }) => lost.lead('Zoe'), 'Zoe'],
  'list.you': [({ list }) => list.you('hello'), 'hello'],
  'list.unread': [({ list }) => list.unread(7)],
  'invite.from': [({ invite }) => invite.from('Zoe'), 'Zoe'],
  'invite.known': [({ invite }) => invite.known('Zoe'), 'Zoe'],
  'request.title': [({ request }) => request.title('Zoe'), 'Zoe'],
  'request.blocked': [({ request }) => request.blocked('Zoe'), 'Zoe'],
  'blocked.note': [({ blocked }) => blocked.note('Zoe'), 'Zoe'],
  'conversation.presence': [({ conversation }) => conversation.presence(peer)],
  'conversation.gap': [({ conversation }) => conversation.gap(gap, 'Zoe'), 'Zoe', 7],
  'conversation.them': [({ conversation }) => conversation.them('Zoe'), 'Zoe'],
  'conversation.introduced': [({ conversation }) => conversation.introduced('Zoe'), 'Zoe'],
  'conversation.introducedSelf': [({ conversation }) => conversation.introducedSelf('Zoe'), 'Zoe'],
  'conversation.begin': [({ conversation }) => conversation.begin('Zoe'), 'Zoe'],
  'conversation.kept': [({ conversation }) => conversation.kept('<time>'), '<time>'],
  'conversation.newMessages': [({ conversation }) => conversation.newMessages(7), 7],
  'conversation.unreadFrom': [({ conversation }) => conversation.unreadFrom(7), 7],
  'conversation.statusOf': [({ conversation }) => conversation.statusOf(message).name],
  'conversation.delivery.times': [({ conversation }) => conversation.delivery.times(7), 7],
  'details.keepHint': [({ details }) => details.keepHint('Zoe'), 'Zoe'],
  'details.period': [({ details }) => details.period(7 * 86_400), 7],
  'group.invites': [({ group }) => group.invites('Zoe', 'Chess'), 'Zoe', 'Chess'],
  'group.invited': [({ group }) => group.invited('Chess'), 'Chess'],
  'group.removeOne': [({ group }) => group.removeOne('Zoe'), 'Zoe'],
  'group.removeTitle': [({ group }) => group.removeTitle('Zoe'), 'Zoe'],
  'group.removeText': [({ group }) => group.removeText('Zoe'), 'Zoe'],
  'group.leaveTitle': [({ group }) => group.leaveTitle('Chess'), 'Chess'],
  'group.count': [({ group }) => group.count(7), 7],
  'group.presence': [({ group }) => group.presence(3, 7), 3, 7],
  'group.typing': [({ group }) => group.typing(['Zoe', 'Max']), 'Zoe', 'Max'],
  'group.mentions': [({ group }) => group.mentions(7)],
  'group.begin': [({ group }) => group.begin('Chess'), 'Chess'],
  'group.gap': [({ group }) => group.gap(7, 'Zoe', false), 'Zoe', 7],
  'group.created': [({ group }) => group.created('Zoe'), 'Zoe'],
  'group.added': [({ group }) => group.added('Zoe', ['Max', 'Ida']), 'Zoe', 'Max', 'Ida'],
  'group.addedSelf': [({ group }) => group.addedSelf(['Max', 'Ida']), 'Max', 'Ida'],
  'group.memberJoined': [({ group }) => group.memberJoined('Zoe'), 'Zoe'],
  'group.memberLeft': [({ group }) => group.memberLeft('Zoe'), 'Zoe'],
  'group.memberRemoved': [({ group }) => group.memberRemoved('Zoe', 'Max'), 'Zoe', 'Max'],
  'group.removedByUs': [({ group }) => group.removedByUs('Max'), 'Max'],
  'group.renamed': [({ group }) => group.renamed('Zoe', 'Chess'), 'Zoe', 'Chess'],
  'group.renamedSelf': [({ group }) => group.renamedSelf('Chess'), 'Chess'],
  'file.preparing': [({ file }) => file.preparing('Zoe'), 'Zoe'],
  'file.calledOff': [({ file }) => file.calledOff('Zoe'), 'Zoe'],
  'file.notSent': [({ file }) => file.notSent('Zoe', 'hello'), 'Zoe', 'hello'],
  'file.progress': [({ file }) => file.progress('Zoe'), 'Zoe'],
  'file.of': [({ file }) => file.of(3e6, 7e9), 3, 7],
  'file.rate': [({ file }) => file.rate(3e6), 3],
  'file.left': [({ file }) => file.left(7), 7],
  'file.size': [({ file }) => file.size(3e6), 3],
  'file.percent': [({ file }) => file.percent(7), 7],
  'file.open': [({ file }) => file.open('Zoe'), 'Zoe'],
  'file.autoUpTo': [({ file }) => file.autoUpTo(7e6), 7],
  'manage.optionsFor': [({ manage }) => manage.optionsFor('Zoe'), 'Zoe'],
  'manage.archived': [({ manage }) => manage.archived('Zoe'), 'Zoe'],
  'manage.archiveOf': [({ manage }) => manage.archiveOf(7), 7],
  'manage.mutePeriod': [({ manage }) => manage.mutePeriod(8 * 3_600_000), 8],
  'manage.mutedUntil': [({ manage }) => manage.mutedUntil('<time>'), '<time>'],
  'manage.clearTitle': [({ manage }) => manage.clearTitle('Zoe'), 'Zoe'],
  'manage.clearText': [({ manage }) => manage.clearText('Zoe'), 'Zoe'],
  'manage.removeTitle': [({ manage }) => manage.removeTitle('Zoe'), 'Zoe'],
  'manage.removeText': [({ manage }) => manage.removeText('Zoe'), 'Zoe'],
  'manage.blockTitle': [({ manage }) => manage.blockTitle('Zoe'), 'Zoe'],
  'manage.removeContactTitle': [({ manage }) => manage.removeContactTitle('Zoe'), 'Zoe'],
  'manage.removedContact': [({ manage }) => manage.removedContact('Zoe'), 'Zoe'],
  'manage.aliasHint': [({ manage }) => manage.aliasHint('Zoe'), 'Zoe'],
  'settings.bounds': [({ settings }) => settings.bounds(3, 7), 3, 7],
  'settings.storageAmount': [({ settings }) => settings.storageAmount(3e6, 7e9), 3, 7],
  'settings.messagesHere': [({ settings }) => settings.messagesHere(7), 7],
  'settings.clearOf': [({ settings }) => settings.clearOf('Zoe'), 'Zoe'],
  'settings.unblock': [({ settings }) => settings.unblock('Zoe'), 'Zoe'],
  'settings.version': [({ settings }) => settings.version('1.2.3'), '1.2.3'],
}

/** All that a catalogue holds, by its path; functions as they are. */
function leaves(value: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  return Object.entries(value).flatMap(([key, part]) => leaves(part, path === '' ? key : `${path}.${key}`))
}

const isFunction = ([, value]: readonly [string, unknown]): boolean => typeof value === 'function'

/** The texts of a catalogue by their paths, also those that its functions give. */
function textsOf(catalogue: Texts): ReadonlyMap<string, string> {
  const fixed = leaves(catalogue, '').filter((leaf) => !isFunction(leaf))
  const said = Object.entries(CALLS).map(([path, [call]]) => [path, call(catalogue)] as const)
  return new Map([...fixed, ...said].map(([path, text]) => [path, String(text)]))
}

const [englishTexts, arabicTexts] = [textsOf(inEnglish), textsOf(inArabic)]

test('every function is called here', () => {
  const functions = leaves(inEnglish, '').filter(isFunction)
  expect(functions.map(([path]) => path).sort()).toEqual(Object.keys(CALLS).sort())
})

test.each([
  ['English', inEnglish],
  ['Arabic', inArabic],
])('%s says what it is given', (_, catalogue) => {
  const digits = createFormat(catalogue === inEnglish ? 'en-GB' : 'ar-EG', 'ltr').number
  for (const [path, [call, ...given]] of Object.entries(CALLS))
    for (const word of given)
      expect(call(catalogue), path).toContain(typeof word === 'number' ? digits(word) : word)
})

test('both languages say the same things, and nothing is empty', () => {
  expect([...arabicTexts.keys()].sort()).toEqual([...englishTexts.keys()].sort())
  for (const texts of [englishTexts, arabicTexts])
    for (const [path, text] of texts) expect(text.trim(), path).not.toBe('')
})

test('nothing is left in the other language', () => {
  const arabicLetter = /\p{Script=Arabic}/u
  for (const [path, text] of englishTexts) expect(text, path).not.toMatch(arabicLetter)
  const wordless = ['app.name', 'conversation.them']
  for (const [path, text] of arabicTexts)
    if (!wordless.includes(path)) expect(text, path).toMatch(arabicLetter)
  // The product, what it lacks in a browser, and what was given.
  const known = /Gigi|QR|Web Locks|Zoe|Max|Ida|Chess|hello|<time>/g
  for (const [path, text] of arabicTexts) expect(text.replace(known, ''), path).not.toMatch(/[a-z]/i)
})

describe('counting in Arabic', () => {
  const { conversation, list } = inArabic

  test.each([
    [1, 'رسالة جديدة'],
    [2, 'رسالتان جديدتان'],
    [3, '٣ رسائل جديدة'],
    [11, '١١ رسالة جديدة'],
    [100, '١٠٠ رسالة جديدة'],
  ])('%i new', (count, words) => {
    expect(conversation.newMessages(count)).toBe(words)
  })

  test('what is unread stands beside its number', () => {
    expect([2, 3, 11, 100].map(list.unread)).toEqual([
      ...['رسالتان غير مقروءتين', 'رسائل غير مقروءة', 'رسالة غير مقروءة', 'رسالة غير مقروءة'],
    ])
  })

  test.each([
    [1, false, 'تنقص رسالة واحدة من \u2068Zoe\u2069. تصل حين يتصل \u2068Zoe\u2069 إن كانت لديه.'],
    [2, false, 'تنقص رسالتان من \u2068Zoe\u2069. تصلان حين يتصل \u2068Zoe\u2069 إن كانتا لديه.'],
    [2, true, 'ضاعت رسالتان من \u2068Zoe\u2069: لم تعودا لدى أحد.'],
    [12, true, 'ضاعت ١٢ رسالة من \u2068Zoe\u2069: لم تعد لدى أحد.'],
  ])('a gap of %i (lost: %s)', (count, lost, words) => {
    expect(conversation.gap({ ...gap, count, lost }, 'Zoe')).toBe(words)
  })
})
