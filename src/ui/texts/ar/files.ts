import type { Format } from '../format.ts'
import type { Texts } from '../texts.svelte.ts'

export const files = ({ bytes, duration, number, isolate }: Format): Pick<Texts, 'file'> => ({
  file: {
    attach: 'إرفاق ملف',
    drop: 'أفلت الملفات هنا لإرسالها',
    preparing: (name) => `جارٍ تجهيز ${isolate(name)}`,
    preparingList: 'ملفات قيد التجهيز',
    calledOff: (name) => `لم يُرسل ${isolate(name)}.`,
    notSent: (name, reason) => `لم يُرسل ${isolate(name)}. ${reason}`,

    progress: (name) => `تقدُّم ${isolate(name)}`,
    of: (done, size) => `${bytes(done)} من ${bytes(size)}`,
    rate: (bytesPerSecond) => `${bytes(bytesPerSecond)}/ث`,
    left: (seconds) => `بقي ${duration(seconds)}`,
    size: (size) => bytes(size),
    percent: (done) => `${number(done)}٪`,

    download: 'تنزيل',
    pause: 'إيقاف مؤقت',
    resume: 'استئناف',
    cancel: 'إلغاء',
    save: 'حفظ',
    stopSharing: 'إنهاء المشاركة',
    stopped: 'لن يحصل أحد على هذا الملف من هنا بعد الآن.',
    open: (name) => `فتح ${isolate(name)}`,
    viewer: 'صورة',
    tooManyPixels: 'هذه الصورة أكبر من أن تُعرض هنا. احفظها لتراها.',
    broken: 'لا يمكن عرض هذه الصورة. احفظها لتفتحها في مكان آخر.',

    waitsForPeer: 'في انتظار من لديه الملف',
    waitsForDirect: 'في انتظار اتصال مباشر: الملف أكبر من أن يمر عبر خادم الترحيل',
    waitsForResume: 'أوقفه الطرف الآخر مؤقتًا',
    notFetched: 'لم يُنزَّل بعد',
    fetched: 'نُزِّل',
    paused: 'متوقف مؤقتًا',
    problem: {
      denied: 'لم يعد هذا الملف مشارَكًا معك.',
      gone: 'لم يعد الملف لدى من شاركه، أو أنه تغيَّر.',
      damaged: 'ما وصل ليس الملف الذي جرت مشاركته، فلم يُحتفظ به.',
      'no-room': 'لا توجد مساحة كافية له على هذا الجهاز. أفرغ بعض المساحة ثم حاول مرة أخرى.',
      'too-large': 'الملف أكبر مما يقبله Gigi.',
      lost: 'حذفه المتصفح من هذا الجهاز.',
      ended: 'لم تعد تشاركه.',
    },
    settings: 'الملفات',
    auto: 'التنزيل التلقائي',
    autoHint: 'الصور والملفات الأخرى من جهات اتصالك حتى هذا الحجم. وتنتظر الأكبر منها إلى أن تطلبها.',
    autoNever: 'لا شيء',
    autoUpTo: (size) => `حتى ${bytes(size)}`,
    autoAlways: 'الملفات من أي حجم',
  },
})
