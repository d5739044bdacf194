import type { GapView, MessageView, PeerStatus } from '../../../app/api.ts'
import type { SyncStatus } from '../../../domain/status.ts'
import type { conversation as english } from '../en/conversation.ts'
import type { Format } from '../format.ts'

const status: Readonly<Record<SyncStatus, { readonly name: string; readonly explanation: string }>> = {
  Pending: {
    name: 'قيد الانتظار',
    explanation: 'محفوظة بأمان على هذا الجهاز، وتُرسل تلقائيًا حالما يمكن الوصول إلى الطرف الآخر.',
  },
  Synced: {
    name: 'في صندوق البريد',
    explanation: 'مختومة ومحفوظة للمستلم: ستصل إليه حتى لو انقطع اتصالك الآن.',
  },
  Delivered: { name: 'تم التسليم', explanation: 'الرسالة محفوظة على جهاز المستلم.' },
  Acknowledged: { name: 'مقروءة', explanation: 'فتح المستلم المحادثة وقرأ حتى هذا الموضع.' },
}

/** Of a message that waits here because there is no room for it elsewhere. */
const mailboxFull = {
  name: 'قيد الانتظار',
  explanation:
    'محفوظة بأمان على هذا الجهاز. صندوق بريد المستلم لدى خادم الترحيل ممتلئ: تُرسل الرسالة عندما يتصل، أو عندما يتوفر مكان لها.',
}

/** Of a message that the recipient's device turned down. */
const refused = {
  name: 'لم تُقبل',
  explanation: 'رفض جهاز المستلم هذه الرسالة نهائيًا، ولن يُعاد إرسالها.',
}

/** Of a message whose time was up. */
const expired = {
  name: 'لم تُسلَّم في الوقت المحدد',
  explanation: 'لم يتأكد وصول الرسالة في الوقت المحدد، وتوقفت محاولات إرسالها. يمكنك إرسالها من جديد.',
}

const presence = ({ online, path, typing }: PeerStatus): string => {
  if (typing) return 'يكتب…'
  if (!online) return 'غير متصل'
  if (path === 'direct') return 'متصل · مباشرة'
  return path === 'relayed' ? 'متصل · عبر خادم الترحيل' : 'متصل'
}

/** One conversation and what is in it. */
export const conversation = ({ number, period, plural, isolate }: Format): ReturnType<typeof english> => ({
  conversation: {
    messages: 'الرسائل',
    presence,
    gap: ({ count, author, lost }: GapView, name: string): string => {
      const other = isolate(name)
      const n = number(count)
      const many = `${n} رسالة`
      const what = plural(count, { one: 'رسالة واحدة', two: 'رسالتان', few: `${n} رسائل`, many, other: many })
      const whose = author === 'self' ? 'من رسائلك' : `من ${other}`
      if (lost) {
        const gone = plural(count, { two: 'لم تعودا لدى أحد', other: 'لم تعد لدى أحد' })
        return `ضاعت ${what} ${whose}: ${gone}.`
      }
      const coming = plural(count, {
        two: `تصلان حين يتصل ${other} إن كانتا لديه`,
        other: `تصل حين يتصل ${other} إن كانت لديه`,
      })
      return `تنقص ${what} ${whose}. ${coming}.`
    },
    missing: 'هذه المحادثة ليست على هذا الجهاز',
    missingLead: 'ربما بدأت في متصفح آخر. محادثاتك موجودة في القائمة.',
    you: 'أنت:',
    them: (name: string) => `${isolate(name)}:`,
    introduced: (name: string) => `فتح ${isolate(name)} رابط دعوتك`,
    introducedSelf: (name: string) => `فتحتَ رابط دعوة ${isolate(name)}`,
    tooNew: 'تحتاج هذه الرسالة إلى إصدار أحدث من Gigi.',
    begin: (name: string) => `هذه بداية محادثتك مع ${isolate(name)}.`,
    beginLead: 'لا يمكن لأحد سواكما قراءتها.',
    kept: (period: string) => `تُحفظ رسائل هذه المحادثة على هذا الجهاز لمدة ${period}.`,
    newest: 'الانتقال إلى الأحدث',
    newMessages: (count: number) => {
      const n = number(count)
      return plural(count, {
        one: 'رسالة جديدة',
        two: 'رسالتان جديدتان',
        few: `${n} رسائل جديدة`,
        many: `${n} رسالة جديدة`,
        other: `${n} رسالة جديدة`,
      })
    },
    status,
    statusOf: (message: MessageView) => {
      if (message.refused) return refused
      if (message.mailboxFull && message.status === 'Pending') return mailboxFull
      return message.status === 'Expired' ? expired : status[message.status]
    },
    sendAgain: 'إعادة الإرسال',
    delivery: {
      written: 'كُتبت',
      queued: 'تنتظر منذ',
      attempts: 'المحاولات',
      times: (count: number) => {
        const n = number(count)
        return plural(count, {
          one: 'محاولة واحدة',
          two: 'محاولتان',
          few: `${n} محاولات`,
          many: `${n} محاولة`,
          other: `${n} محاولة`,
        })
      },
      nextAttempt: 'المحاولة التالية',
      onAppearance: 'حين يتصل الطرف الآخر',
      inMailbox: 'في صندوق البريد منذ',
      expires: 'تستمر المحاولة حتى',
      delivered: 'سُلّمت',
      read: 'قُرئت',
    },
    offline: 'يمكنك مواصلة الكتابة؛ تُرسل رسائلك عند عودة الشبكة.',
  },

  details: {
    title: 'تفاصيل المحادثة',
    identity: 'الهوية',
    keep: 'الاحتفاظ بالرسائل',
    keepHint: (name: string) =>
      `تُحذف الرسائل الأقدم من هذا الجهاز فقط؛ ويحتفظ جهاز ${isolate(name)} بما لديه. أما الرسائل التي لم تُسلَّم فتبقى.`,
    keepHintGroup:
      'تُحذف الرسائل الأقدم من هذا الجهاز فقط؛ ويحتفظ الأعضاء الآخرون بما لديهم. أما الرسائل التي لم تُسلَّم فتبقى.',
    period: (seconds: number | null): string => (seconds === null ? 'دائمًا' : period(seconds)),
  },

  composer: {
    message: 'الرسالة',
    placeholder: 'اكتب رسالة',
    send: 'إرسال',
  },

  emoji: {
    open: 'رموز تعبيرية',
    title: 'اختر رمزًا تعبيريًا',
    search: 'البحث عن رمز (بالإنجليزية)',
    found: 'الرموز التي وُجدت',
    nothing: 'لا رمز بهذا الاسم.',
    kinds: 'أنواع الرموز',
    recent: 'المستخدمة مؤخرًا',
    kind: {
      smileys_emotion: 'وجوه ومشاعر',
      people_body: 'أشخاص',
      animals_nature: 'حيوانات وطبيعة',
      food_drink: 'طعام وشراب',
      travel_places: 'سفر وأماكن',
      activities: 'أنشطة',
      objects: 'أشياء',
      symbols: 'علامات',
      flags: 'أعلام',
    },
    skin: 'لون البشرة',
    skins: ['المعتاد', 'فاتح', 'فاتح متوسط', 'متوسط', 'داكن متوسط', 'داكن'],
  },
})
