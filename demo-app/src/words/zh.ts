import { StorageError } from '@tidemark/client'
import type { ErrorCode } from '@tidemark/shared'
import type { Words } from './en.ts'

const number = new Intl.NumberFormat('zh-CN')
const messages = (count: number) => `${number.format(count)} 条消息`

/** 没有连接的原因；没有列出的就是无人应答。 */
const NO_CONNECTION: Partial<Record<ErrorCode, string>> = {
  unauthenticated: '服务器拒绝了这次登录。',
  forbidden: '服务器拒绝了这次登录。',
  'token-expired': '这次登录已过期。',
  'rate-limited': '服务器请这台设备稍等。',
  'upgrade-required': '这个版本太旧了：请重新加载页面。',
  internal: '服务器出了问题。',
}
const REASONS: Partial<Record<ErrorCode, string>> = {
  unauthenticated: '登录无效，请重新登录。',
  'token-expired': '登录已过期，请重新登录。',
  forbidden: '你没有这里的权限。',
  'rate-limited': '发送太快，稍后会自动重试。',
  unavailable: '服务暂时不可用，稍后会自动重试。',
  internal: '服务器出错，稍后会自动重试。',
  'too-large': '内容太大。',
  'upgrade-required': '页面版本太旧，请重新加载。',
  'client-conflict': '另一台设备在用这台设备的编号。',
  'out-of-order': '服务器已不记得这台设备之前发过的内容。',
}

const TROUBLE: Words['storage']['trouble'] = {
  full: '这台设备已满，腾出空间之前存不下新内容。之前存下的都还在。',
  stalled: '本机存储没有应答。关闭本页面的其他标签页通常有用。',
  failing: '本机存储一再出错。请重新加载页面，已存下的内容还在。',
  cleared: '页面打开期间，存在这里的内容被清除了。请重新加载页面。',
  outdated: '这里用过本页面的新版本。要继续写，请重新加载页面。',
}

export const zh: Words = {
  language: 'zh',
  htmlLanguage: 'zh-Hans',
  itself: '中文',
  tagline: '断网也能用的聊天，随时看得到本机同步到了哪里。',

  signIn: {
    pitch: '断网也能用的聊天。每个房间是一串带编号的变更，水位线告诉你本机的副本到了哪一号。',
    name: '你的名字',
    nameHint: '最多 32 个字符，中文一类的文字最多 31 个。',
    submit: '登录',
    busy: '正在登录',
    note: '这是开发用的登录：写谁的名字就是谁。名字只留在这台设备上。',
    unreachable: '服务器没有应答。第一次在这里登录需要联网。',
    notOffered: '这台服务器没有开放开发登录。请用 --dev 启动。',
    refused: (status) => `服务器应答了状态 ${status}。`,
  },
  nameProblem: {
    empty: '请先写一个名字。',
    'too long': '名字太长。最多 32 个字符，中文一类的文字最多 31 个。',
    unseen: '名字里有看不见的字符。',
    reserved: '这个名字对机器另有含义，请换一个。',
  },

  settings: {
    open: '设置',
    theme: '主题',
    system: '跟随系统',
    light: '浅色',
    dark: '深色',
    language: '语言',
    storage: '本机存储',
    kept: '你的房间会一直保留在本机。',
    notKept: '空间不足时，浏览器可能清除你的房间，没发出的内容会丢失。',
    keep: '请求保留',
    keepRefused: '浏览器现在不肯保证。把页面安装为应用后通常就可以。',
    devtools: '开发者面板',
    devtoolsHint: '看帧、版本、心跳和待发内容。',
    signOut: '退出登录',
  },
  signOut: {
    title: '现在退出吗？',
    text: (pending, user) => `还有 ${number.format(pending)} 项变更没有到达服务器。它们会留在这台设备上，等 ${user} 下次在这里登录时发出。`,
    stay: '留下',
    go: '退出登录',
  },

  list: {
    label: '房间',
    reading: '正在读取房间',
    emptyTitle: '还没有房间',
    emptyText: '加入大厅，或在下面写一个名字，开一个自己的房间。知道名字的人就能在那里找到你。',
    lobbyHint: '对所有登录的人开放。',
    join: '加入',
    joinField: '房间的名字',
    joinHint: '按名字加入房间',
    noMessages: '还没有消息',
    you: '你',
    unread: (count, more) => (more ? `超过 ${count} 条未读消息` : `${count} 条未读消息`),
    refused: (count) => `${number.format(count)} 条被拒`,
    refusedLabel: '被服务器拒绝',
    notRemembered: (room, why) => `没能记住房间 ${room}：${why}`,
    chooseTitle: '选一个房间',
    chooseText: '或按名字加入一个。',
  },

  room: {
    label: (room) => `房间 ${room}`,
    back: '所有房间',
    leave: '离开',
    notLeft: (why) => `没能离开：${why}`,
    closedTitle: '这个房间不对你开放',
    closedText: '你在这里写下的内容会留在这台设备上，直到你丢弃它。',
    absentTitle: '这个房间还不在这台设备上',
    absentText: '有网络时就会取来。你可以先写，内容会在这里等着。',
    emptyTitle: '这里还没有人说话',
    emptyText: (next) => `写下第一条消息，它就是这个房间的第 ${number.format(next)} 版。`,
    reading: '正在读取房间',
    messages: '消息',
    older: {
      more: '正在读取更早的消息',
      loading: '正在读取更早的消息',
      full: '一次最多显示 5,000 条消息',
      beginning: '房间从这里开始',
    },
    olderFailed: '更早的消息没有取到。',
    olderOffline: '恢复联网后会取来更早的消息。',
    tryAgain: '再试一次',
    newMessages: (count) => `${number.format(count)} 条新消息`,
    toNewest: '回到最新消息',
    unreadFromHere: '新消息',
  },

  message: {
    you: '你',
    pending: '还没发出',
    sending: '正在发送',
    confirmed: '已发出',
    refused: '被拒绝',
    sendAgain: '重新发送',
    discard: '丢弃',
    tried: (attempts, error) =>
      `已尝试 ${number.format(attempts)} 次${error === undefined ? '。' : `：${REASONS[error.code] ?? error.message}`}`,
    tryNow: '立即重试',
    takeBack: '撤回',
  },
  refusal: (error) => {
    switch (error.code) {
      case 'forbidden':
        return '你不能在这里这样做。'
      case 'rejected':
      case 'invalid':
      case 'too-large':
        return `服务器不接受：${error.message}`
      case 'outcome-unknown':
        return '服务器已无从得知它是否到达。重新发送之前请先看一看。'
      default:
        return `被拒绝（${error.code}）：${error.message}`
    }
  },
  problem: (error) => {
    if (error instanceof StorageError) return TROUBLE[error.trouble]
    const reason = error instanceof Error && 'code' in error ? REASONS[error.code as ErrorCode] : undefined
    return reason ?? (error instanceof Error ? error.message : String(error))
  },

  composer: {
    label: (room) => `发消息到 ${room}`,
    send: '发送',
    notSaved: (why) => `没有保存：${why}`,
    left: (characters) => `还可以写 ${characters} 个字符`,
    tooMany: (characters) => `多了 ${number.format(characters)} 个字符`,
  },

  stage: {
    title: '直播现场',
    entry: '弹幕飞过，大家同屏',
    console: '控制台',
    viewers: (online) => `${number.format(online)} 人在看`,
    viewersUnknown: '正在统计人数',
    picture: '舞台',
    side: '节目单和抽奖',
    reading: '正在读取节目单',
    now: '正在进行',
    nextAt: (time) => `下一个，${time}`,
    nothingOn: '节目还没开始。',
    won: (prize, winners) => `${prize}：${winners === 0 ? '没有人参加' : '恭喜'}`,
    cut: (count) => `还有 ${number.format(count)} 条`,
    newest: '最新弹幕',
    heard: (count, last) => `刚才有 ${number.format(count)} 条弹幕。最后一条：${last}`,
    away: '离线。节目单是之前的样子，恢复联网后弹幕会继续。',
    closedTitle: '现场不对你开放',
    closedText: '主办方没有让你进场。',
    absentTitle: '现场还不在这台设备上',
    absentText: '有网络时就会取来。',
    notLoadedTitle: '现场没有加载成功',
    notLoadedText: '这部分页面在第一次打开时取来。请联网后再试。',
  },
  comment: {
    label: '发一条弹幕',
    send: '发送',
    hint: '立刻飞出，不会保存。',
    sending: '正在发出。',
    sent: '已发出。',
    stopped: '弹幕已暂停',
    stoppedText: '主持人暂停了弹幕。',
    unsent: (text, why) => `“${text}”没有发出去：${why}`,
    unanswered: (text) => `“${text}”可能没有发出去：没有收到回应。弹幕不会留到以后再发。`,
    again: '再发一次',
    discard: '丢弃',
    tooFast: '发得太快了，稍等一下。',
    forbidden: (why) => `你现在不能在这里发言。${why}`,
    color: '颜色',
    colors: { white: '白色', sea: '海蓝', sand: '沙金', coral: '珊瑚' },
    asList: '列表显示',
  },
  programme: {
    title: '节目单',
    empty: '还没有安排节目。',
    now: '正在进行',
    over: '已结束',
    begin: '开始',
    end: '结束',
    remove: '删除',
    newTitle: '节目名称',
    newTime: '开始时间',
    add: '添加',
  },
  draw: {
    title: '抽奖',
    empty: '现在没有抽奖。',
    standing: (places, entrants) => `${number.format(places)} 个名额，${number.format(entrants)} 人参加`,
    enter: '参加',
    entered: '已参加',
    draw: '开奖',
    drawing: '服务器正在抽取',
    winners: (names) => `中奖：${names.join('、')}。`,
    nobody: '没有人参加。',
    youWon: '你中奖了！',
    newPrize: '奖品',
    newPlaces: '名额',
    open: '开启',
  },

  phase: { offline: '离线', connecting: '正在连接', catchingUp: '正在追上', live: '实时', stalled: '没有进展', waiting: '没有连接' },
  network: {
    online: '在线',
    offline: '离线。你看到的是房间在这一版时的样子。',
    offlineAbsent: '离线。恢复联网后会取来这个房间。',
    offlineWith: (pending) => `离线。${messages(pending)}会在恢复联网后发出。`,
    waiting: (because, seconds, pending) =>
      `${NO_CONNECTION[because ?? 'unavailable'] ?? '没有连接。'}${seconds === 0 ? '现在重试。' : `${seconds} 秒后重试。`}${pending === 0 ? '' : `${messages(pending)}会在那时发出。`}`,
    stalled: (pending) => `已连接，但一分钟没有进展。正在重新连接。${pending === 0 ? '' : `${messages(pending)}会在那时发出。`}`,
    connecting: (pending) => (pending === 0 ? '正在连接。' : `正在连接。${messages(pending)}会在连上后发出。`),
    reading: '正在读取这个房间。',
    catchingUp: (versions) => `正在追上：还差 ${number.format(versions)} 版。`,
    heldBack: (error) => `暂缓发送：${REASONS[error.code] ?? error.message}你写的内容保留在这台设备上。`,
    sending: (pending) => `正在发送 ${messages(pending)}。`,
    upToDate: '已是最新。',
    closed: '这个房间不对你开放。',
  },
  waterLine: {
    label: '本机副本到了哪里',
    version: '版本',
    serverHas: '服务器已到',
    waits: () => '条消息在等待',
  },

  storage: {
    trouble: TROUBLE,
    lostLabel: '在这台设备上丢失',
    lost: (unsent) => `这台设备清除了存在这里的内容，最多 ${number.format(unsent)} 项还没到达服务器的变更随之丢失。其余内容会重新取回。`,
    understood: '知道了',
  },
  reset: {
    label: '服务器已从备份恢复',
    text: '服务器回到了一个备份。',
    offeredAgain: (count) => `已重新发送你的 ${number.format(count)} 项变更。`,
    lost: (count) => `最多 ${number.format(count)} 项更早的变更可能已丢失。`,
    understood: '知道了',
  },
  update: { text: '这个页面有新版本。', reload: '重新加载', later: '以后再说' },
  trouble: {
    title: '打不开这台设备上的副本',
    text: '你写下的内容还在这台设备上。重新加载往往就好；关掉这个页面的其他标签页也有帮助。',
    noStorageTitle: '这个浏览器什么都不保留',
    noStorageText: '你的房间存放在浏览器里，而它没有给这个页面存储空间：常见于无痕窗口，或禁用了 Cookie。请在普通窗口中打开。',
    details: '出了什么事',
    reload: '重新加载',
    other: '换个人登录',
  },
  day: { today: '今天', yesterday: '昨天' },
}
