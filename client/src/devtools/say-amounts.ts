/** `812 B`, `4.2 kB`, `1.3 MB`. */
export function sayBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  const unit = bytes < 999_500 ? 'kB' : bytes < 999_500_000 ? 'MB' : 'GB'
  const amount = bytes / { kB: 1e3, MB: 1e6, GB: 1e9 }[unit]
  return `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${unit}`
}

/** `now`, `12 s`, `4 min 40 s`, `25 min`, `2 h 5 min`, `4 d`. */
export function saySpan(ms: number): string {
  const s = Math.round(ms / 1000)
  if (s < 1) return 'now'
  if (s < 100) return `${s} s`
  if (s < 600) return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`
  const min = Math.round(s / 60)
  if (min < 60) return `${min} min`
  const h = Math.floor(min / 60)
  if (h < 48) return min % 60 === 0 ? `${h} h` : `${h} h ${min % 60} min`
  return `${Math.round(h / 24)} d`
}

/** `1,234`. */
export function sayNumber(value: number): string {
  return number.format(value)
}

/** `1 change`, `2 changes`. */
export function sayCount(count: number, one: string, many = `${one}s`): string {
  return `${number.format(count)} ${count === 1 ? one : many}`
}

/** The time of day on this device, to a tenth of a second where `isFine`. */
export function sayTime(atMs: number, isFine = false): string {
  return (isFine ? fine : time).format(atMs)
}

const number = new Intl.NumberFormat('en')
const day = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
const time = new Intl.DateTimeFormat('en-GB', day)
const fine = new Intl.DateTimeFormat('en-GB', { ...day, fractionalSecondDigits: 1 })
