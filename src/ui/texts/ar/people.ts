import type { people as english } from '../en/people.ts'
import type { Format } from '../format.ts'

/** How people find each other. */
export const people = ({ number, isolate }: Format): ReturnType<typeof english> => ({
  newChat: {
    title: 'محادثة جديدة',
    yours: 'دعوة شخص',
    yoursLead: 'كل من يفتح رابطك أو يمسح الرمز يمكنه أن يكتب إليك دون استئذان.',
    yourLink: 'رابط دعوتك',
    yourCode: 'رمز QR لدعوتك',
    copyLink: 'نسخ الرابط',
    share: 'مشاركة…',
    shareTitle: 'راسلني على Gigi',
    renew: 'تجديد الرابط',
    renewHint: `يكفي رابط واحد لعدة أشخاص لمدة ${number(30)} يومًا. جدِّده إذا وقع في الأيدي الخطأ: يتوقف الرابط القديم عن العمل وتبقى جهات اتصالك.`,
    renewed: 'لديك رابط دعوة جديد. لم يعد الرابط القديم يعمل.',
    theirs: 'استخدام رابط تلقيته',
    theirLink: 'رابط الدعوة',
    scan: 'مسح رمز',
    camera: 'صورة الكاميرا',
    scanLead: 'ضع رمز صديقك أمام الكاميرا.',
    scanStop: 'إيقاف المسح',
    cameraDenied: 'لا يعطي هذا المتصفح Gigi صورة من الكاميرا. اسمح بذلك لهذا الموقع، أو الصق الرابط.',
    add: 'إضافة',
    nearby: 'بالقرب منك',
    nearbyLead: 'أشخاص متصلون بخادم الترحيل نفسه اختاروا أن يراهم الآخرون',
    nearbyNobody: 'لا أحد هنا الآن. يظهر الأشخاص هنا حالما يتصلون.',
    nearbyOff: 'أوقفتَ ميزة «بالقرب منك» في الإعدادات، فلا يراك أحد ولا ترى أحدًا.',
    nearbyOffline: 'أنت غير متصل، ولذلك لا يمكن رؤية أحد الآن.',
  },

  invite: {
    title: 'رابط دعوة',
    from: (name: string) => `يدعوك ${isolate(name)} إلى المراسلة.`,
    known: (name: string) =>
      `أنت تعرف ${isolate(name)} من قبل. استخدام الرابط مرة أخرى يحدِّث طريقة الوصول إليه ويفتح محادثتكما.`,
    key: 'الهوية',
    add: 'إضافة',
    later: 'ليس الآن',
    failed: 'هذا الرابط لا يعمل',
    understood: 'حسنًا',
  },

  request: {
    title: (name: string) => `يرغب ${isolate(name)} في مراسلتك`,
    explanation:
      'لم تتعارفا عن طريق دعوة بعد. لن يعرف الطرف الآخر أنك قرأت هذا ما لم تقبل. الاسم المستعار لا يثبت شيئًا: يمكن لأي شخص اختيار أي اسم.',
    accept: 'قبول',
    block: 'حظر',
    blocked: (name: string) => `تم حظر ${isolate(name)}. تجد قائمة من حظرتهم في الإعدادات.`,
  },

  blocked: {
    note: (name: string) => `لقد حظرت ${isolate(name)}.`,
    unblock: 'إلغاء الحظر',
  },
})
