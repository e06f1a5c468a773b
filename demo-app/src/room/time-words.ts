import type { Words } from '../words/words.ts'

/** What a Date can hold: a time of a message is any finite number, and formatting one beyond this throws. */
const DATE_MS_MAX = 8.64e15

interface Formats {
  readonly clock: Intl.DateTimeFormat
  readonly weekdayAndDay: Intl.DateTimeFormat
  readonly wholeDay: Intl.DateTimeFormat
  readonly shortDay: Intl.DateTimeFormat
}

const made = new Map<string, Formats>()

/** In the region of the browser, as far as it speaks the language of the page: 14:05 or 2:05 PM. */
function formatsOf({ language }: Words): Formats {
  const locale = navigator.languages.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language
  const known = made.get(locale)
  if (known !== undefined) return known
  const formats = {
    clock: new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' }),
    weekdayAndDay: new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }),
    wholeDay: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric' }),
    shortDay: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'numeric', year: '2-digit' }),
  }
  made.set(locale, formats)
  return formats
}

/** Hours and minutes of a time in ms since the epoch; empty where it is no date. */
export function timeOf(ms: number, words: Words): string {
  return isDate(ms) ? formatsOf(words).clock.format(ms) : ''
}

/** The local day of a time, as a number that grows with the days; undefined where it is no date. */
export function dayOf(ms: number): number | undefined {
  if (!isDate(ms)) return undefined
  const date = new Date(ms)
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate()
}

/** `Today`, `Yesterday`, a day of this year, or a whole date. Both times in ms since the epoch. */
export function dayWords(ms: number, nowMs: number, words: Words): string {
  const near = nearDay(ms, nowMs, words)
  if (near !== undefined || !isDate(ms)) return near ?? ''
  const { weekdayAndDay, wholeDay } = formatsOf(words)
  return (new Date(ms).getFullYear() === new Date(nowMs).getFullYear() ? weekdayAndDay : wholeDay).format(ms)
}

/** The same for a narrow place: today's are told by the clock. */
export function shortTime(ms: number, nowMs: number, words: Words): string {
  if (dayOf(ms) === dayOf(nowMs)) return timeOf(ms, words)
  return nearDay(ms, nowMs, words) ?? (isDate(ms) ? formatsOf(words).shortDay.format(ms) : '')
}

function nearDay(ms: number, nowMs: number, { day }: Words): string | undefined {
  const now = new Date(nowMs)
  const yesterdayMs = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1).getTime()
  if (dayOf(ms) === dayOf(nowMs)) return day.today
  return dayOf(ms) === dayOf(yesterdayMs) ? day.yesterday : undefined
}

function isDate(ms: number): boolean {
  return Math.abs(ms) <= DATE_MS_MAX
}
