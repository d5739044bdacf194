import type { NetworkState } from '../../../app/api.ts'
import type { shell as english } from '../en/shell.ts'
import type { Format } from '../format.ts'

const network: Readonly<Record<NetworkState, string>> = {
  online: 'متصل',
  connecting: 'جارٍ الاتصال…',
  offline: 'غير متصل',
}

/** What is around the conversations. */
export const shell = ({ plural, isolate }: Format): ReturnType<typeof english> => ({
  app: {
    name: 'Gigi',
    back: 'رجوع',
    close: 'إغلاق',
    copy: 'نسخ',
    copied: 'تم النسخ',
    copyRefused: 'لم يسمح المتصفح بالنسخ. حدِّد النص وانسخه بنفسك.',
    notices: 'تنبيهات',
    loading: 'جارٍ فتح Gigi…',
    partMissing: 'تعذَّر تحميل هذا الجزء من Gigi. تحقق من الشبكة وحاول مرة أخرى.',
  },

  bar: {
    newChat: 'محادثة جديدة',
    settings: 'الإعدادات',
    network,
    networkHint: {
      online: 'متصل بخادم الترحيل: يمكن للآخرين الوصول إليك.',
      connecting: 'جارٍ البحث عن خادم الترحيل. يمكنك مواصلة الكتابة.',
      offline: 'لا يمكن الوصول إلى أي خادم ترحيل. يمكنك مواصلة الكتابة؛ تُرسل رسائلك عند عودة الشبكة.',
    },
  },

  update: {
    ready: 'يتوفر إصدار جديد.',
    reload: 'إعادة التحميل',
    later: 'لاحقًا',
  },

  list: {
    typing: 'يكتب…',
    label: 'المحادثات',
    online: 'متصل',
    you: (text: string) => `أنت: ${isolate(text)}`,
    draft: 'مسودة:',
    unread: (count: number) =>
      plural(count, {
        two: 'رسالتان غير مقروءتين',
        few: 'رسائل غير مقروءة',
        other: 'رسالة غير مقروءة',
      }),
    request: 'يريد مراسلتك',
    nothingYet: 'لا رسائل بعد',
    emptyTitle: 'لا محادثات بعد',
    empty: 'شارك رابط دعوتك، أو استخدم رابطًا تلقيته، أو اعثر على أشخاص بالقرب منك.',
    begin: 'ابحث عمّن تراسله',
  },

  welcome: {
    title: 'رسائلك لك وحدك',
    choose: 'اختر محادثة للقراءة والكتابة.',
    steps: [
      {
        title: 'شارك رابطك',
        text: 'أعطِ صديقك رابط دعوتك أو رمز QR: تجدهما في «محادثة جديدة» في الأعلى.',
      },
      { title: 'يفتحه صديقك', text: 'لا يحتاج إلى شيء سوى متصفح. يظهر اسمه هنا تلقائيًا.' },
      { title: 'اكتب متى شئت', text: 'لا بأس بانقطاع الاتصال. تُظهر العلامات إلى أين وصلت كل رسالة.' },
    ],
    legendTitle: 'معنى العلامات',
  },

  search: {
    label: 'البحث في الرسائل',
    clear: 'مسح البحث',
    results: 'نتائج البحث',
    looking: 'جارٍ البحث…',
    nothing: 'لا توجد رسالة فيها هذه الكلمات.',
    growing: 'ما زالت الرسائل الأقدم قيد القراءة. يظهر ما فيها تلقائيًا.',
    newest: 'يشمل البحث أحدث الرسائل فقط: لا يسمح هذا المتصفح لـ Gigi بالاحتفاظ بفهرس لها كلها.',
    more: 'عرض المزيد',
  },

  shortcuts: {
    title: 'اختصارات لوحة المفاتيح',
    names: {
      search: 'البحث في الرسائل',
      newChat: 'محادثة جديدة',
      settings: 'الإعدادات',
      next: 'المحادثة التالية',
      previous: 'المحادثة السابقة',
      help: 'عرض هذه الاختصارات',
    },
    send: 'إرسال ما كُتب',
    newLine: 'بدء سطر جديد',
    statuses: 'من حالة إلى التي تليها، بين الرسائل',
  },
})
