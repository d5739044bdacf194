import type { appearance as english } from '../en/appearance.ts'

export const appearance: typeof english = {
  appearance: {
    title: 'المظهر',
    language: 'اللغة',
    systemLanguage: 'لغة النظام',
    theme: 'السمة',
    themes: { system: 'سمة النظام', light: 'فاتحة', dark: 'داكنة' },
  },
}
