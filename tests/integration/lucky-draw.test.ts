// The demo's draw from end to end: two real replicas, the real server on SQLite, its own chance.
import { newId } from '@tidemark/client'
import { firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HOST, STAGE } from '../../demo-app/live.ts'
import { type BothEnds, bothEnds, type ChatReplica, eventually } from './both-ends.ts'

let ends: BothEnds
beforeEach(async () => {
  ends = await bothEnds()
})
afterEach(() => ends.close())

const seenBy = async (replica: ChatReplica) => await replica.space(STAGE).draws.toArray()

/** A draw that so many have entered, on the server and in the copies of both devices. */
async function drawOf(host: ChatReplica, guest: ChatReplica, entrants: readonly string[], places: number): Promise<string> {
  const id = newId()
  await host.space(STAGE).mutate.openDraw({ id, prize: 'A lighthouse', places })
  for (const user of entrants) {
    const device = await ends.open(user)
    await eventually(`${user} sees the draw`, async () => (await seenBy(device)).length === 1)
    // Twice: it counts once.
    for (let times = 0; times < 2; times++) await device.space(STAGE).mutate.enter({ id })
    await device.settled()
    await device.close()
  }
  for (const replica of [host, guest])
    await eventually('all have entered', async () => (await seenBy(replica))[0]?.entrants.length === entrants.length)
  return id
}

describe('a lucky draw', () => {
  it('has the same winners on every device, and a draw that is asked for again draws nothing new', async () => {
    const host = await ends.open(HOST)
    const guest = await ends.open('guest')
    const entrants = ['ada', 'bo', 'cem']
    const id = await drawOf(host, guest, entrants, 2)
    await host.space(STAGE).mutate.draw({ id })
    await host.space(STAGE).mutate.draw({ id })
    await eventually('the host sees who won', async () => (await seenBy(host))[0]?.winners !== undefined)
    const [drawn] = await seenBy(host)
    expect(new Set(drawn?.winners).size).toBe(2)
    for (const winner of drawn?.winners ?? []) expect(entrants).toContain(winner)
    await host.space(STAGE).mutate.draw({ id })
    await host.settled()
    await eventually('the guest sees who won', async () => (await seenBy(guest))[0]?.winners !== undefined)
    for (const replica of [host, guest]) expect((await seenBy(replica))[0]?.winners).toEqual(drawn?.winners)
  })

  it('shows nothing on a device without a network until the server has drawn', async () => {
    const host = await ends.open(HOST)
    const guest = await ends.open('guest')
    const id = await drawOf(host, guest, ['ada', 'bo'], 1)
    host.pause()
    await host.space(STAGE).mutate.draw({ id })
    for (const replica of [host, guest]) expect((await seenBy(replica))[0]).not.toHaveProperty('winners')
    host.resume()
    for (const replica of [host, guest]) await eventually('who won is seen', async () => (await seenBy(replica))[0]?.winners?.length === 1)
  })

  it('is the host’s to open and to draw: who else asks is refused, and nothing is drawn', async () => {
    const host = await ends.open(HOST)
    const guest = await ends.open('guest')
    const id = await drawOf(host, guest, ['ada'], 1)
    await guest.space(STAGE).mutate.draw({ id })
    await guest.space(STAGE).mutate.openDraw({ id: newId(), prize: 'Another one', places: 1 })
    await eventually('both are refused', async () => (await firstValueFrom(guest.rejected$)).length === 2)
    expect(await seenBy(guest)).toMatchObject([{ prize: 'A lighthouse' }])
    expect((await seenBy(guest))[0]).not.toHaveProperty('winners')
  })
})
