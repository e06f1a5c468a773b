/** What a crowd says at a conference night, in two languages; the short ones more often, as people do. */
const SHORT: readonly string[] = [
  '哈哈哈',
  '来了来了',
  '好听！',
  '666',
  '太强了',
  '前排',
  '这也行？',
  '学到了',
  '👏👏👏',
  '泪目',
  '再来一个',
  '下一个是谁',
  '牛',
  '打卡',
  'wow',
  'nice!',
  'so good',
  'here we go',
  'louder please',
  'first!',
  'love this',
  'haha',
  'yes!!',
  '🌊🌊',
  'again!',
  'hello from Lisbon',
  'what a voice',
  'goosebumps',
]
const LONG: readonly string[] = [
  '第一次看现场，比想象的好太多',
  '声音有点小，能调大一点吗',
  '这段灯光绝了，求导演加鸡腿',
  '我在地铁上断网了两次，回来一条都没少',
  '主持人今天的状态真好',
  '等会儿抽奖千万别忘了我',
  'the sound is a little low on my side, anybody else?',
  'watching with the whole family tonight',
  'lost my signal in the tunnel, and nothing was missing',
  'who is the one on the left, does anybody know?',
  'that last song alone was worth staying up for',
  'greetings from the night shift',
]
const LONG_SHARE = 0.15
/** So many of them come with a number of their own: no two are alike. */
const OWN_SHARE = 0.4
const COLORS = ['white', 'white', 'white', 'white', 'sea', 'sand', 'coral'] as const

export interface Spoken {
  readonly text: string
  readonly color: (typeof COLORS)[number]
}

/** One comment; `chance`: uniform in [0, 1). */
export function spoken(chance: () => number): Spoken {
  const list = chance() < LONG_SHARE ? LONG : SHORT
  const text = list[Math.floor(chance() * list.length)] ?? '哈哈哈'
  const color = COLORS[Math.floor(chance() * COLORS.length)] ?? 'white'
  return { text: chance() < OWN_SHARE ? `${text} ${Math.floor(chance() * 1000)}` : text, color }
}
