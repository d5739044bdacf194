import { FOR_GOOD } from '../../../domain/shelf.ts'
import type { managing as english } from '../en/managing.ts'
import type { Format } from '../format.ts'

export const managing = ({ number, period, isolate }: Format): ReturnType<typeof english> => ({
  manage: {
    optionsFor: (name: string) => `خيارات ${isolate(name)}`,
    conversationOptions: 'خيارات المحادثة',
    messageOptions: 'خيارات الرسالة',

    pin: 'تثبيت',
    unpin: 'إلغاء التثبيت',
    pinned: 'مثبَّتة',
    archive: 'أرشفة',
    unarchive: 'إخراج من الأرشيف',
    archived: (name: string) => `أُرشفت المحادثة مع ${isolate(name)}.`,
    archiveOf: (count: number) => `الأرشيف (${number(count)})`,
    backToList: 'العودة إلى كل المحادثات',
    mute: 'كتم',
    unmute: 'إلغاء الكتم',
    muted: 'مكتومة',
    mutePeriod: (milliseconds: number) =>
      milliseconds === FOR_GOOD ? 'حتى ألغي الكتم' : `لمدة ${period(milliseconds / 1000)}`,
    notMuted: 'غير مكتومة',
    muteLabel: 'كتم الإشعارات',
    mutedUntil: (time: string) => `حتى ${time}`,
    markUnread: 'وضع علامة «غير مقروءة»',
    markRead: 'وضع علامة «مقروءة»',
    marked: 'عليها علامة «غير مقروءة»',
    details: 'التفاصيل',

    clear: 'إفراغ المحادثة',
    clearTitle: (name: string) => `هل تُفرَغ المحادثة مع ${isolate(name)}؟`,
    clearText: (name: string) =>
      `تُحذف كل الرسائل من هذا الجهاز ولا يمكن استعادتها. ويحتفظ ${isolate(name)} برسائله. وما لم يُسلَّم بعد يبقى ويُرسل.`,
    clearYes: 'إفراغ',
    cleared: 'أُفرغت المحادثة.',
    remove: 'حذف المحادثة',
    removeTitle: (name: string) => `هل تُحذف المحادثة مع ${isolate(name)}؟`,
    removeText: (name: string) =>
      `تخرج من القائمة، وتُحذف رسائلها من هذا الجهاز نهائيًا. ويبقى ${isolate(name)} جهة اتصال ويحتفظ برسائله. وما لم يُسلَّم بعد يُرسل.`,
    removeYes: 'حذف',
    removed: 'حُذفت المحادثة.',
    block: 'حظر',
    blockTitle: (name: string) => `هل تريد حظر ${isolate(name)}؟`,
    blockText: 'لن يتمكن من مراسلتك ولن يرى متى تكون متصلًا. تجد من حظرتهم في الإعدادات.',
    removeContact: 'حذف جهة الاتصال',
    removeContactTitle: (name: string) => `هل تريد حذف ${isolate(name)} من جهات اتصالك؟`,
    removeContactText:
      'تُحذف محادثتكما من هذا الجهاز نهائيًا، ولا يُرسل ما لم يُسلَّم بعد. وإذا راسلك من جديد فهو غريب عليه أن يستأذن.',
    removedContact: (name: string) => `لم يعد ${isolate(name)} من جهات اتصالك.`,
    cancel: 'إلغاء',

    alias: 'الاسم',
    aliasHint: (nickname: string) => `لا يراه سواك. الاسم الذي اختاره لنفسه: ${isolate(nickname)}.`,
    rename: 'إعادة التسمية',
    renamed: 'غُيّر الاسم',

    copy: 'نسخ',
    deleteForMe: 'حذف لديّ فقط',
    deleted: 'حُذفت من هذا الجهاز.',
    deletedUnsent: 'حُذفت، ولن تُرسل.',
    deletedInMail: 'حُذفت هنا. لكنها في صندوق بريد الطرف الآخر، وستصل.',
    undo: 'تراجع',

    contacts: 'جهات الاتصال',
    contactsLead: 'أشخاص يمكنك مراسلتهم',
  },
})
