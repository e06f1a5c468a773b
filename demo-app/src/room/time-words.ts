const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const dayAndMonth = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' })
const dayMonthYear = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' })
/** What a Date can hold: a time of a message is any finite number, and formatting one beyond this throws. */
const DATE_MS_MAX = 8.64e15

/** Hours and minutes of a time in ms since the epoch; empty where it is no date. */
export function timeOf(ms: number): string {
  return isDate(ms) ? clock.format(ms) : ''
}

/** The local day of a time, as a number that grows with the days; undefined where it is no date. */
export function dayOf(ms: number): number | undefined {
  if (!isDate(ms)) return undefined
  const date = new Date(ms)
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate()
}

/** `Today`, `Yesterday`, a day of this year, or a whole date. Both times in ms since the epoch. */
export function dayWords(ms: number, nowMs: number): string {
  const now = new Date(nowMs)
  const yesterdayMs = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1).getTime()
  if (dayOf(ms) === dayOf(nowMs)) return 'Today'
  if (dayOf(ms) === dayOf(yesterdayMs)) return 'Yesterday'
  if (!isDate(ms)) return ''
  return new Date(ms).getFullYear() === now.getFullYear() ? dayAndMonth.format(ms) : dayMonthYear.format(ms)
}

function isDate(ms: number): boolean {
  return Math.abs(ms) <= DATE_MS_MAX
}
