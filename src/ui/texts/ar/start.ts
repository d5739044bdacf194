import type { start as english } from '../en/start.ts'
import type { Format } from '../format.ts'

/** Before there is somebody: the first start, and what stands in its place. */
export const start = ({ number, isolate }: Format): ReturnType<typeof english> => ({
  start: {
    title: 'مرحبًا بك في Gigi',
    lead: 'رسائل خاصة من متصفح إلى متصفح. بلا حساب، وبلا رقم هاتف، ولا أحد بينكما يستطيع قراءتها.',
    invitedBy: (name: string) => `يدعوك ${isolate(name)}`,
    invitedLead: (name: string) => `اختر اسمًا مستعارًا، ويمكنك مراسلة ${isolate(name)} فورًا.`,
    inviteFailed: 'الدعوة لا تعمل',
    inviteFailedNext: 'يمكنك البدء من دونها واستخدام رابط جديد لاحقًا.',
    nickname: 'الاسم المستعار',
    nicknameHint: 'الاسم الذي يراك به الآخرون. لا يلزم أن يكون فريدًا، ويمكنك تغييره.',
    start: 'ابدأ',
    havePhrase: 'لدي عبارة استرداد',
    promises: [
      'الرسائل مشفَّرة من طرف إلى طرف',
      'تُحفظ على أجهزتكم فقط',
      'اكتب متى شئت: تُسلَّم الرسالة عندما يعود الطرفان',
    ],
  },

  /** Where the browser has deleted the database of someone who was here. */
  lost: {
    title: 'اختفت بياناتك هنا',
    lead: (name: string) =>
      `حذف هذا المتصفح ما احتفظ به Gigi لصالح ${isolate(name)}. يفعل ذلك من تلقاء نفسه عندما تضيق المساحة، وعند مسح بيانات المواقع. لم تخطئ في شيء.`,
    hope: 'لم يضع كل شيء: بعبارة الاسترداد تعود الشخص نفسه، وتعيد إليك جهات اتصالك المحادثات عندما تلتقون.',
    restoreLead:
      'بكلماتك الاثنتي عشرة تعود الشخص نفسه لدى جهات اتصالك. وتعيد إليك محادثاتك حالما تكونون جميعًا هنا.',
    afresh: 'أو ابدأ من جديد كشخص آخر',
  },

  restore: {
    title: 'استعادة هويتك',
    lead: 'بكلماتك الاثنتي عشرة تعود الشخص نفسه لدى جهات اتصالك. لا تشمل الرسائل: فهي تبقى على الجهاز الذي كانت عليه.',
    phrase: 'عبارة الاسترداد',
    phraseHint: `${number(12)} كلمة تفصل بينها مسافات`,
    nickname: 'الاسم المستعار',
    nicknameHint: 'اختياري',
    restore: 'استعادة',
    back: 'رجوع',
  },

  outdated: {
    title: 'لدى Gigi إصدار جديد',
    explanation:
      'الإصدار الجديد مستخدم في علامة تبويب أخرى، ولا يمكن لهذه أن تستمر إلى جانبه. لم يُفقد شيء: أعد تحميل هذه الصفحة. إن لم ينفع ذلك، فأغلق كل علامات تبويب Gigi وافتحه من جديد.',
    reload: 'إعادة تحميل هذه الصفحة',
  },

  crash: {
    title: 'حدث خلل',
    explanation: 'الخطأ منّا لا منك. ما هو مخزَّن على هذا الجهاز يبقى فيه، وكثيرًا ما تنفع المحاولة مرة أخرى.',
    details: 'تفاصيل الخلل',
    again: 'حاول مرة أخرى',
  },
})
