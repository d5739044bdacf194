import type { SyncStatus } from '../../../domain/status.ts'
import type { groups as english } from '../en/groups.ts'
import type { Format } from '../format.ts'

const status: Readonly<Record<SyncStatus | 'Expired', string>> = {
  Pending: 'قيد الانتظار',
  Synced: 'في صندوق البريد',
  Delivered: 'تم التسليم',
  Acknowledged: 'مقروءة',
  Expired: 'توقفت المحاولات',
}

/** Groups, and what happens in them. */
export const groups = ({ number, plural, isolate, list }: Format): ReturnType<typeof english> => {
  const members = (count: number): string => {
    const n = number(count)
    return plural(count, {
      one: 'عضو واحد',
      two: 'عضوان',
      few: `${n} أعضاء`,
      many: `${n} عضوًا`,
      other: `${n} عضو`,
    })
  }
  return {
    group: {
      new: 'مجموعة جديدة',
      name: 'اسم المجموعة',
      members: 'الأعضاء',
      nobody: 'لا جهات اتصال لديك بعد. شارك رابط دعوتك أولًا، ثم اجمع الناس هنا.',
      create: 'إنشاء',
      history: 'يرى الأعضاء الجدد',
      historyOf: {
        joining: 'ما يُكتب منذ دعوتهم',
        all: 'كل ما كُتب',
      },
      historyHint: 'يسري ذلك على كل من يُدعى من الآن فصاعدًا.',

      invites: (name: string, group: string) => `يدعوك ${isolate(name)} إلى المجموعة ${isolate(group)}`,
      invited: (group: string) => `أرسلتَ دعوة إلى المجموعة ${isolate(group)}`,
      join: 'انضمام',
      ignore: 'تجاهل',
      ignored: 'تجاهلتَ هذه الدعوة.',
      joined: 'أنت في هذه المجموعة.',
      joining: 'تنضم حالما يصل التأكيد ممن دعاك.',
      left: 'غادرتَ هذه المجموعة.',
      removed: 'أُخرجتَ من هذه المجموعة.',
      open: 'فتح المجموعة',

      details: 'تفاصيل المجموعة',
      creator: 'المشرف',
      pending: 'مدعو',
      us: 'أنت',
      inviteMore: 'دعوة آخرين',
      invite: 'دعوة',
      remove: 'إخراج',
      removeOne: (name: string) => `إخراج ${isolate(name)}`,
      removeTitle: (name: string) => `هل تريد إخراج ${isolate(name)} من المجموعة؟`,
      removeText: (name: string) =>
        `من الآن فصاعدًا لا يصل إلى ${isolate(name)} شيء مما يُكتب هنا. ويحتفظ بما لديه.`,
      rename: 'إعادة التسمية',
      leave: 'مغادرة المجموعة',
      leaveTitle: (group: string) => `هل تريد مغادرة ${isolate(group)}؟`,
      leaveText: 'لن يصلك شيء مما يُكتب فيها، ولا تعود إليها إلا بدعوة جديدة. ويبقى ما لديك على هذا الجهاز.',
      leaveYes: 'مغادرة',

      count: members,
      presence: (online: number, count: number) =>
        online === 0 ? members(count) : `${members(count)} · المتصلون: ${number(online)}`,
      typing: (names: readonly string[]) => `${list(names.map(isolate))}: كتابة…`,
      mentions: (count: number) =>
        plural(count, {
          one: 'رسالة تشير إليك',
          two: 'رسالتان تشيران إليك',
          few: 'رسائل تشير إليك',
          other: 'رسالة تشير إليك',
        }),
      begin: (group: string) => `هذه بداية ${isolate(group)}.`,
      beginLead: 'لا يمكن لأحد سوى أعضائها قراءتها.',
      gap: (count: number, name: string, lost: boolean) => {
        const n = number(count)
        const many = `${n} رسالة`
        const what = plural(count, {
          one: 'رسالة واحدة',
          two: 'رسالتان',
          few: `${n} رسائل`,
          many,
          other: many,
        })
        return lost
          ? `ضاعت ${what} من ${isolate(name)}.`
          : `تنقص ${what} من ${isolate(name)}، وتصل حين يتصل من لديه.`
      },
      byMember: 'بحسب العضو',
      status,

      created: (name: string) => `أنشأ ${isolate(name)} المجموعة`,
      createdSelf: 'أنشأتَ المجموعة',
      added: (name: string, others: readonly string[]) => `دعا ${isolate(name)} ${list(others.map(isolate))}`,
      addedSelf: (others: readonly string[]) => `دعوتَ ${list(others.map(isolate))}`,
      you: 'أنت',
      memberJoined: (name: string) => `انضم ${isolate(name)}`,
      joinedSelf: 'انضممتَ',
      memberLeft: (name: string) => `غادر ${isolate(name)}`,
      leftSelf: 'غادرتَ',
      memberRemoved: (name: string, other: string) => `أخرج ${isolate(name)} ${isolate(other)}`,
      removedByUs: (other: string) => `أخرجتَ ${isolate(other)}`,
      renamed: (name: string, group: string) => `سمّى ${isolate(name)} المجموعة ${isolate(group)}`,
      renamedSelf: (group: string) => `سمّيتَ المجموعة ${isolate(group)}`,
      historyChanged: 'تغيَّر ما يراه الأعضاء الجدد',
    },
  }
}
