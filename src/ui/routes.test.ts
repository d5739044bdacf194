import { describe, expect, it } from 'vitest'
import type { ConversationId } from '../domain/ids.ts'
import { conversationFragment, HOME, parseFragment } from './routes.ts'

const direct = 'A'.repeat(43) as ConversationId

describe('parseFragment', () => {
  it('finds the way back to what conversationFragment wrote', () => {
    expect(parseFragment(conversationFragment(direct))).toEqual({ kind: 'conversation', id: direct })
  })

  it('knows an invite whatever follows', () => {
    expect(parseFragment('#invite=abc')).toEqual({ kind: 'invite' })
    expect(parseFragment('#invite=')).toEqual({ kind: 'invite' })
  })

  it.each(['', '#', HOME, '#/c/', '#/c/short', `#/c/${direct}x`, '#/nowhere', '#invited'])(
    'leads home from %j',
    (fragment) => {
      expect(parseFragment(fragment)).toEqual({ kind: 'home' })
    },
  )
})
