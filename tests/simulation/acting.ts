import type { Moment } from './history.ts'
import type { Action, DeviceAction, ServerAction, TabAction } from './plan.ts'
import { presentOf } from './present-of.ts'
import type { Device, Space, Tab, World } from './world.ts'

/** Within this a page that is left has let go of its connection, in ms. */
const LET_GO_MS = 100

/** Does one step of the plan in a world as it is then; what is not there any more does nothing. */
export function act(world: World, action: Action): void {
  if ('device' in action) {
    const device = world.devices.get(world.active.get(action.device) ?? action.device)
    if (device === undefined) return
    if ('tab' in action) {
      const tab = device.tabs[action.tab % Math.max(1, device.tabs.length)]
      if (tab) actInTab(world, action, device, tab)
    } else actOnDevice(world, action, device)
  } else actOnServer(world, action)
}

/** What people do in one tab, and what happens to it. */
function actInTab(world: World, action: TabAction, device: Device, tab: Tab): void {
  const { replica, spaces, node, page } = tab
  switch (action.do) {
    case 'mutate': {
      const { [action.name]: call } = spaces.get(action.space)?.mutate ?? {}
      call?.(action.args).then(
        (sent) => world.resolved(device, sent),
        () => {},
      )
      return
    }
    case 'older':
      spaces
        .get(action.space)
        ?.lines.older({ limit: action.limit })
        .then(
          ({ added }) => {
            if (added > 0) world.pagesTaken++
          },
          () => {},
        )
      return
    case 'retry':
    case 'dismiss': {
      const refused = presentOf(replica?.rejected$)?.[0]
      if (refused === undefined) return
      const nonce = device.disk.rows('refused').get(refused.n)?.nonce
      if (nonce !== undefined) device.watch.allowedToGo.add(nonce as string)
      void (action.do === 'retry' ? refused.retry() : refused.dismiss()).catch(() => {})
      return
    }
    case 'take back': {
      const taken = presentOf(replica?.pending$)?.at(action.isLast ? -1 : 0)
      if (taken === undefined) return
      const { nonce, args } = device.disk.rows('outbox').get(taken.n) ?? {}
      // Its number may be another one by now.
      if (typeof nonce !== 'string' || JSON.stringify(args) !== JSON.stringify(taken.args)) return
      device.watch.allowedToGo.add(nonce)
      taken.dismiss().then(
        () => device.watch.expectTakenBack(nonce),
        () => {},
      )
      return
    }
    case 'follow':
      if (replica && !spaces.has(action.space)) spaces.set(action.space, replica.space(action.space) as unknown as Space)
      return
    case 'unfollow':
      spaces.get(action.space)?.close()
      spaces.delete(action.space)
      return
    case 'reload':
      world.leave(device, tab)
      world.openTabs(device, 1)
      return
    case 'kill tab':
      world.close(device, tab)
      world.openTabs(device, 1)
      return
    case 'close tab':
      if (device.tabs.length > 1) world.leave(device, tab)
      return
    case 'go offline':
      replica?.pause()
      return
    case 'go online':
      replica?.resume()
      return
    case 'freeze':
      world.scheduler.freeze(node, action.forMs)
      return
    case 'back':
      world.scheduler.throttle(node, action.grainMs)
      page.tell('back')
      return
    case 'show':
    case 'touch':
      world.scheduler.throttle(node, 1)
      page.tell(action.do)
      return
    case 'hide':
      page.tell('hide')
      world.scheduler.at(world.self, LET_GO_MS, 'left', () => {
        if (page.isLeft && node.alive && device.leads.isConnected(node.name))
          world.fail('lets go', `${node.name} was left, and has a connection`)
      })
      return
    case 'network':
      page.tellNetwork(action.kind)
  }
}

/** What happens to a device, with all its tabs. */
function actOnDevice(world: World, action: DeviceAction, device: Device): void {
  const { disk, watch, plan, name } = device
  const nodes = device.tabs.map(({ node }) => node)
  switch (action.do) {
    case 'start':
      world.openTabs(device, action.tabs)
      return
    case 'crash':
      world.crash(device)
      return
    case 'throttle':
      for (const node of nodes) world.scheduler.throttle(node, action.grainMs)
      return
    case 'sleep':
      for (const node of nodes) world.scheduler.sleep(node, action.forMs)
      return
    case 'no network':
      device.hasNetwork = false
      world.network.cutOff(nodes, action.isTold)
      world.scheduler.at(world.self, action.forMs, 'network', () => {
        device.hasNetwork = true
        if (action.isTold) for (const { page } of device.tabs) page.tellNetwork('wifi')
      })
      return
    case 'jump':
      device.skewMs += action.byMs
      for (const node of nodes) node.skewMs += action.byMs
      // By this clock the tail is older than it is, or younger [M6].
      for (const { nonce } of disk.rows('tail').values()) world.mayBeLost(nonce as string)
      return
    case 'rob':
      device.shared.rob()
      world.scheduler.at(world.self, action.tellMs, 'robbed', device.shared.tell)
      return
    case 'stick locks':
      device.shared.stuck = true
      world.scheduler.at(world.self, action.forMs, 'unstuck', () => {
        device.shared.stuck = false
      })
      return
    case 'strike':
      disk.strike(action.fault)
      return
    case 'clone': {
      if (world.devices.has(action.as)) return
      world.forked.add(name).add(action.as)
      const copy = world.addDevice(action.as, { ...plan, name: action.as, skewMs: device.skewMs }, disk.clone())
      world.openTabs(copy, 1)
      return
    }
    case 'switch user': {
      for (const tab of device.tabs) world.leave(device, tab)
      const other = action.user === world.firstUserOf(action.device)
      const next = other ? action.device : `${action.device} of ${action.user}`
      world.active.set(action.device, next)
      const there =
        world.devices.get(next) ?? world.addDevice(next, { ...plan, name: next, user: action.user }, world.openDisk(next, world.scheduler))
      world.openTabs(there, 1)
      return
    }
    case 'roll back':
      world.crash(device)
      world.forked.add(name)
      world.destroy(() => disk.rollBack(action.commits))
      watch.begin()
      return
    case 'lose power': {
      world.crash(device)
      world.destroyed.add(name)
      const held = new Set(watch.nonces())
      world.destroy(() => disk.losePower())
      watch.begin()
      for (const nonce of watch.nonces()) held.delete(nonce)
      for (const nonce of held) if (world.made.get(nonce)?.resolved) world.fail('saved', `${name} lost ${nonce} with its power`)
      return
    }
    case 'evict':
      world.destroyed.add(name)
      world.destroy(() => disk.evict())
      watch.begin()
      return
  }
}

/** What happens to the server. */
function actOnServer(world: World, action: ServerAction): void {
  const { host } = world
  switch (action.do) {
    case 'kill server':
      host.kill()
      return
    case 'start server':
      host.start()
      return
    case 'stop server':
      host.stop()
      return
    case 'backup':
      world.backup = {
        snapshot: host.changelog.snapshot(),
        heads: new Map(Array.from(world.histories, ([space, { head }]) => [space, head])),
      }
      return
    case 'restore': {
      const backup = world.backup
      if (backup === undefined) return
      if (!action.living) host.kill()
      world.wire.setBack()
      world.restores++
      world.destroy(() => {
        host.restore(backup.snapshot)
        for (const [space, history] of world.histories) history.setBack(backup.heads.get(space) as Moment)
      })
      return
    }
    case 'trim':
      host.trim(action.space, action.log, action.deletions).catch(() => {})
      return
    case 'fail commit':
      host.failingCommits.push(action.taken)
      return
    case 'allow':
      host.access.set(`${action.user} ${action.space}`, action.access)
      if (action.access !== 'none') world.tend()
      return
    case 'undecide':
      host.isUndecided = true
      world.scheduler.at(world.self, action.forMs, 'decide', () => {
        host.isUndecided = false
      })
  }
}
