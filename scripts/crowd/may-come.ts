const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Where the crowd goes. Throws TypeError for what is no address, and for another machine than this one unless `yes`. */
export function assertMayCome(address: string, yes: boolean): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new TypeError(`--url: ${address} is no address such as http://localhost:8787`)
  if (!LOOPBACK.test(url.hostname) && !yes)
    throw new TypeError(`${url.hostname} is not this machine. A crowd is a load that its owner has to want: say --yes if that is so.`)
  return url
}

/** Throws TypeError where it is none within these bounds. */
export function wholeNumber(name: string, value: string, min: number, max: number): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < min || number > max) throw new TypeError(`--${name}: a whole number, ${min} to ${max}`)
  return number
}
