const whole = new Intl.NumberFormat('en')
const short = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

export function count(number: number): string {
  return whole.format(number)
}

/** `1 user`, `1,200 users`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${whole.format(number)} ${number === 1 ? one : many}`
}

/** Bytes in the unit in which they are read at a glance; 1 kB is 1,024 of them. */
export function bytes(number: number): string {
  if (number < 1024) return `${whole.format(number)} B`
  if (number < 1_048_576) return `${short.format(number / 1024)} kB`
  return `${short.format(number / 1_048_576)} MB`
}

/** A span of time in its largest whole unit, as `45 s`, `12 min`, `3 h`, `2 d`. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.round(s / 60)} min`
  if (s < 48 * 3600) return `${Math.round(s / 3600)} h`
  return `${Math.round(s / 86_400)} d`
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

/** The time of day, to the second. */
export function timeOfDay(atMs: number): string {
  return clock.format(atMs)
}

/** Day and time. */
export function moment(atMs: number): string {
  return day.format(atMs)
}

/** A name of the program as words, without its unit of time, which stands with the number: `tickMsMax` is `tick max`. */
export function asWords(name: string): string {
  return name.replace(/(PerS|Ms|S)(?=(Max|Min)?$)/, '').replace(/[A-Z]+/g, (letters) => ` ${letters.toLowerCase()}`)
}

/** A number by the unit that its name bears: `stillMs` in ms, `bufferedBytesMax` in bytes, `hellosPerS` a second. */
export function inUnit(name: string, number: number): string {
  if (/PerS$/.test(name)) return `${whole.format(number)} a second`
  if (/Bytes/.test(name) || name === 'bytes') return `${bytes(number)}`
  if (/Ms(Max|Min)?$/.test(name)) return number < 1000 ? `${whole.format(number)} ms` : span(number)
  if (/S$/.test(name)) return `${whole.format(number)} s`
  return whole.format(number)
}
