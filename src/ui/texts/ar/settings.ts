import type { settings as english } from '../en/settings.ts'
import type { Format } from '../format.ts'

export const settings = ({ number, bytes, plural, isolate }: Format): ReturnType<typeof english> => ({
  settings: {
    title: 'الإعدادات',
    profile: 'الملف الشخصي',
    nickname: 'الاسم المستعار',
    nicknameHint: 'الاسم الذي يراك به الآخرون',
    peerId: 'هويتك',
    peerIdHint: 'قارنها بما يظهر لدى جهة اتصالك للتأكد من أنها هويتك.',
    copyPeerId: 'نسخ الهوية',
    save: 'حفظ',
    saved: 'تم الحفظ',
    unsaved: 'لم يُحفظ بعد',
    privacy: 'الخصوصية',
    readReceipts: 'إشعارات القراءة',
    readReceiptsHint: 'يرى الآخرون متى قرأت رسائلهم.',
    nearby: 'بالقرب منك',
    nearbyHint: 'يرى الأشخاص المتصلون بخادم الترحيل نفسه اسمك المستعار ويمكنهم مراسلتك.',
    notifications: 'الإشعارات',
    notificationsOn: 'إشعاري عندما يكون Gigi مغلقًا',
    notificationsOnHint: 'حيثما يسمح المتصفح لـ Gigi بالبحث عن الرسائل دون أي علامة تبويب مفتوحة.',
    notificationsOpen: 'إشعاري عندما يكون Gigi في الخلفية',
    notificationsOpenHint: 'عندما تصل رسالة ولا تنظر إلى أي علامة تبويب من Gigi.',
    notificationNames: 'ذكر اسم المرسل',
    notificationNamesHint: 'وإلا فلا يقول الإشعار سوى أن شيئًا وصل. لا يُعرض نص الرسالة أبدًا.',
    sound: 'الصوت',
    soundHint: 'صوت خافت عندما تصل رسالة وأنت في مكان آخر أو في محادثة أخرى.',
    badge: 'عدّ غير المقروء',
    badgeHint: 'في عنوان علامة التبويب، وعلى أيقونة التطبيق المثبَّت.',
    waking: 'إيقاظ هذا المتصفح عند وصول بريد',
    wakingHint:
      'حتى عندما يكون Gigi مغلقًا، عن طريق خدمة الإشعارات الخاصة بهذا المتصفح. وهي لا تعرف سوى وقت إيقاظه، ولا تعرف من كتب ولا ماذا كتب.',
    wakingBegins: 'جارٍ طلب ذلك من خدمة الإشعارات الخاصة بهذا المتصفح…',
    wakingTrouble: {
      'no-key': 'لا يوقظ خادم الترحيل أحدًا في الوقت الحالي. يُستأنف ذلك تلقائيًا عندما يعود إليه.',
      lost: 'لا شيء يوقظ هذا المتصفح الآن. يحاول Gigi ذلك مجددًا عند فتحه في المرة القادمة؛ أوقف هذا الخيار ثم فعِّله للمحاولة الآن.',
      refused:
        'لا يتعامل خادم الترحيل مع خدمة الإشعارات الخاصة بهذا المتصفح، فلا شيء يوقظه: ما يصل ينتظر حتى يُفتح Gigi. قد ينجح ذلك في متصفح آخر.',
    },
    delivery: 'التسليم',
    deliveryLead: 'مدى اجتهاد هذا الجهاز في التسليم. القيم الافتراضية تناسب الجميع تقريبًا.',
    config: {
      sync_interval_seconds: {
        label: 'فترة المزامنة (بالثواني)',
        hint: 'كم مرة يُبحث عن الأشخاص الذين لا يُعرف إن كانوا متصلين.',
      },
      retry_interval_seconds: {
        label: 'فترة إعادة المحاولة (بالثواني)',
        hint: 'مدة الانتظار قبل أول محاولة جديدة؛ وتتضاعف المدة مع كل محاولة تالية.',
      },
      cleanup_interval_seconds: {
        label: 'فترة التنظيف (بالثواني)',
        hint: 'كم مرة تُزال الرسائل القديمة، حيث لا يُحتفظ بها، وما انتهى أمره.',
      },
      message_ttl_seconds: {
        label: 'عمر الرسالة (بالثواني)',
        hint: 'كم تستمر محاولات إرسال رسالة لم تُسلَّم. الرسائل المسلَّمة تُحفظ.',
      },
      max_retry_attempts: {
        label: 'أقصى عدد للمحاولات',
        hint: 'بعدها تُرسل الرسالة عندما يظهر المستلم.',
      },
      max_batch_size: { label: 'حجم الدفعة', hint: 'عدد الرسائل التي تُرسل في المرة الواحدة.' },
    },
    bounds: (min: number, max: number) => `عدد صحيح من ${number(min)} إلى ${number(max)}`,
    recovery: 'الاسترداد',
    recoveryLead:
      'هذه الكلمات الاثنتا عشرة هي هويتك. بها يمكنك استعادتها في أي متصفح، وكذلك أي شخص آخر يملكها.',
    showPhrase: 'إظهار عبارة الاسترداد',
    hidePhrase: 'إخفاء عبارة الاسترداد',
    phraseAdvice:
      'اكتبها على ورقة بهذا الترتيب، واحفظ الورقة حيث لا يجدها أحد سواك. لا تعطها لأي شخص أبدًا: لن يطلبها Gigi منك.',
    storage: 'التخزين',
    storageLead: `تُحفظ الرسائل والملفات في هذا المتصفح ولدى جهات اتصالك. وما ينتظر شخصًا غائبًا يبقى مختومًا لدى خادم الترحيل حتى يستلمه، ${number(30)} يومًا على الأكثر.`,
    storageUsed: 'المساحة المستخدمة',
    storageAmount: (used: number, quota: number) => `${bytes(used)} من ${bytes(quota)} مستخدمة`,
    storageUnknown: 'لا يُظهر هذا المتصفح مقدار المساحة المستخدمة.',
    storagePromised: 'وعد هذا المتصفح بالاحتفاظ بها حتى تحذفها بنفسك.',
    storageNotPromised: 'قد يحذفها هذا المتصفح عندما تضيق المساحة.',
    askToKeep: 'مطالبة المتصفح بالاحتفاظ بها',
    askRefused: 'لم يَعِد المتصفح بذلك. كثيرًا ما يغيِّر رأيه بعد تثبيت Gigi أو استخدامه لبضعة أيام.',
    cleanUp: 'أكبر المحادثات',
    cleanUpLead: 'عندما تضيق المساحة، أفرغ ما لم تعد تحتاج إليه:',
    messagesHere: (count: number) => {
      const n = number(count)
      return plural(count, {
        one: 'رسالة واحدة هنا',
        two: 'رسالتان هنا',
        few: `${n} رسائل هنا`,
        many: `${n} رسالة هنا`,
        other: `${n} رسالة هنا`,
      })
    },
    clearOf: (name: string) => `إفراغ المحادثة مع ${isolate(name)}`,
    blocked: 'الأشخاص المحظورون',
    blockedNobody: 'لم تحظر أحدًا.',
    unblock: (name: string) => `إلغاء حظر ${isolate(name)}`,
    connection: 'الاتصال',
    diagnosticsLead: 'لبلاغ عن خلل: كيف يتصل Gigi هنا وما الذي ينتظر، دون أسماء أو رسائل أو مفاتيح أو روابط.',
    diagnostics: 'بيانات التشخيص',
    copyDiagnostics: 'نسخ بيانات التشخيص',
    about: 'حول Gigi',
    version: (version: string) => `Gigi، الإصدار ${isolate(version)}`,
    aboutLead: 'تنتقل الرسائل من متصفح إلى متصفح مشفَّرة. يعرِّف خادم الترحيل بينكم ولا يستطيع قراءة شيء.',
  },
})
