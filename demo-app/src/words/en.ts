import { StorageError, type StorageTrouble } from '@tidemark/client'
import type { ErrorCode, SyncError } from '@tidemark/shared'
import type { NameProblem } from '../names/name-code.ts'

const number = new Intl.NumberFormat('en')
const messages = (count: number) => (count === 1 ? '1 message' : `${number.format(count)} messages`)

/** All that the interface says. A language that lacks a key does not compile. */
export interface Words {
  readonly language: 'en' | 'zh'
  readonly htmlLanguage: string
  /** The language in its own words. */
  readonly itself: string
  readonly tagline: string

  readonly signIn: {
    readonly pitch: string
    readonly name: string
    readonly nameHint: string
    readonly submit: string
    readonly busy: string
    readonly note: string
    readonly unreachable: string
    readonly notOffered: string
    refused(status: number): string
  }
  readonly nameProblem: Readonly<Record<NameProblem, string>>

  readonly settings: {
    readonly open: string
    readonly theme: string
    readonly system: string
    readonly light: string
    readonly dark: string
    readonly language: string
    readonly storage: string
    readonly kept: string
    readonly notKept: string
    readonly keep: string
    readonly keepRefused: string
    readonly devtools: string
    readonly devtoolsHint: string
    readonly signOut: string
  }
  readonly signOut: {
    readonly title: string
    text(pending: number, user: string): string
    readonly stay: string
    readonly go: string
  }

  readonly list: {
    readonly label: string
    readonly reading: string
    readonly emptyTitle: string
    readonly emptyText: string
    readonly lobbyHint: string
    readonly join: string
    readonly joinField: string
    readonly joinHint: string
    readonly noMessages: string
    readonly you: string
    unread(count: number, more: boolean): string
    refused(count: number): string
    readonly refusedLabel: string
    notRemembered(room: string, why: string): string
    readonly chooseTitle: string
    readonly chooseText: string
  }

  readonly room: {
    label(room: string): string
    readonly back: string
    readonly leave: string
    notLeft(why: string): string
    readonly closedTitle: string
    readonly closedText: string
    readonly absentTitle: string
    readonly absentText: string
    readonly emptyTitle: string
    emptyText(next: number): string
    readonly reading: string
    readonly messages: string
    readonly older: Readonly<Record<'more' | 'loading' | 'full' | 'beginning', string>>
    readonly olderFailed: string
    readonly olderOffline: string
    readonly tryAgain: string
    newMessages(count: number): string
    readonly toNewest: string
    readonly unreadFromHere: string
  }

  readonly message: {
    readonly you: string
    readonly pending: string
    readonly sending: string
    readonly confirmed: string
    readonly refused: string
    readonly sendAgain: string
    readonly discard: string
    /** How often it was sent in vain, and why. */
    tried(attempts: number, error: SyncError | undefined): string
    readonly tryNow: string
    readonly takeBack: string
  }
  /** Why the server did not take something, for who wrote it. */
  refusal(error: SyncError): string
  /** What went wrong, where nothing better is known. */
  problem(error: unknown): string

  readonly composer: {
    label(room: string): string
    readonly send: string
    notSaved(why: string): string
    left(characters: number): string
    tooMany(characters: number): string
  }

  readonly stage: {
    readonly title: string
    readonly entry: string
    readonly console: string
    viewers(online: number): string
    readonly viewersUnknown: string
    readonly picture: string
    readonly side: string
    readonly reading: string
    readonly now: string
    nextAt(time: string): string
    readonly nothingOn: string
    won(prize: string, winners: number): string
    /** More than a tick takes. */
    cut(count: number): string
    readonly newest: string
    heard(count: number, last: string): string
    readonly away: string
    readonly closedTitle: string
    readonly closedText: string
    readonly absentTitle: string
    readonly absentText: string
    readonly notLoadedTitle: string
    readonly notLoadedText: string
  }
  readonly comment: {
    readonly label: string
    readonly send: string
    readonly hint: string
    readonly sending: string
    readonly sent: string
    readonly stopped: string
    readonly stoppedText: string
    unsent(text: string, why: string): string
    /** No answer came: it may have been heard. */
    unanswered(text: string): string
    readonly again: string
    readonly discard: string
    readonly tooFast: string
    forbidden(why: string): string
    readonly color: string
    readonly colors: Readonly<Record<'white' | 'sea' | 'sand' | 'coral', string>>
    readonly asList: string
  }
  readonly programme: {
    readonly title: string
    readonly empty: string
    readonly now: string
    readonly over: string
    readonly begin: string
    readonly end: string
    readonly remove: string
    readonly newTitle: string
    readonly newTime: string
    readonly add: string
  }
  readonly draw: {
    readonly title: string
    readonly empty: string
    standing(places: number, entrants: number): string
    readonly enter: string
    readonly entered: string
    readonly draw: string
    readonly drawing: string
    winners(names: readonly string[]): string
    readonly nobody: string
    readonly youWon: string
    readonly newPrize: string
    readonly newPlaces: string
    readonly open: string
  }

  readonly phase: {
    readonly offline: string
    readonly connecting: string
    readonly catchingUp: string
    readonly live: string
    readonly stalled: string
    readonly waiting: string
  }
  readonly network: {
    readonly online: string
    /** What is true of a room, and what will happen. */
    readonly offline: string
    readonly offlineAbsent: string
    offlineWith(pending: number): string
    waiting(because: ErrorCode | undefined, seconds: number, pending: number): string
    stalled(pending: number): string
    connecting(pending: number): string
    readonly reading: string
    catchingUp(versions: number): string
    heldBack(error: SyncError): string
    sending(pending: number): string
    readonly upToDate: string
    readonly closed: string
  }
  readonly waterLine: {
    readonly label: string
    readonly version: string
    readonly serverHas: string
    waits(count: number): string
  }

  /** This device's own storage. */
  readonly storage: {
    /** What is wrong with it, in at most two sentences. */
    readonly trouble: Readonly<Record<StorageTrouble, string>>
    readonly lostLabel: string
    lost(unsent: number): string
    readonly understood: string
  }
  /** The server was put back to a backup. */
  readonly reset: {
    readonly label: string
    readonly text: string
    offeredAgain(count: number): string
    lost(count: number): string
    readonly understood: string
  }
  readonly update: { readonly text: string; readonly reload: string; readonly later: string }
  readonly trouble: {
    readonly title: string
    readonly text: string
    readonly noStorageTitle: string
    readonly noStorageText: string
    readonly details: string
    readonly reload: string
    readonly other: string
  }
  readonly day: { readonly today: string; readonly yesterday: string }
}

/** Why there is no connection, where that is not just that nobody answers. */
const NO_CONNECTION: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'The server refuses this sign-in.',
  forbidden: 'The server refuses this sign-in.',
  'token-expired': 'This sign-in has run out.',
  'rate-limited': 'The server asks this device to wait.',
  'upgrade-required': 'This version of the chat is too old: reload the page.',
  internal: 'The server has a problem.',
}
/** Why nothing is sent although the server can be reached, in words of this page's own. */
const HELD_BACK: { readonly [code in ErrorCode]?: string } = {
  'client-conflict': 'another device writes under the number of this one.',
  'out-of-order': 'the server no longer knows what this device had sent before.',
  internal: 'the server fails at one message, and tries it again.',
  unavailable: 'the server cannot take it now, and is asked again.',
  'rate-limited': 'that was too fast; it goes on by itself.',
}

const TROUBLE: Words['storage']['trouble'] = {
  full: 'This device is full: nothing new can be kept until there is room. What was kept before stays.',
  stalled: 'The storage of this device does not answer. Closing other tabs of this page often helps.',
  failing: 'The storage of this device fails again and again. Reload the page; what was kept stays.',
  cleared: 'What was kept here was cleared while the page was open. Reload the page.',
  outdated: 'A newer version of this page was here. Reload the page to write.',
}

export const en: Words = {
  language: 'en',
  htmlLanguage: 'en',
  itself: 'English',
  tagline: 'A chat that keeps working without a network, and shows how far its copy has come.',

  signIn: {
    pitch:
      'A chat that keeps working without a network. Each room is a list of numbered changes, and the water line shows how far your copy has come.',
    name: 'Your name',
    nameHint: 'Up to 32 characters, in any language.',
    submit: 'Sign in',
    busy: 'Signing in',
    note: 'Development sign-in: whoever writes a name here is that person. Your name stays on this device.',
    unreachable: 'The server does not answer. Signing in here for the first time needs it.',
    notOffered: 'This server offers no development sign-in. Start it with --dev.',
    refused: (status) => `The server answered with status ${status}.`,
  },
  nameProblem: {
    empty: 'Write a name first.',
    'too long': 'The name is too long. Up to 32 characters, fewer in some languages.',
    unseen: 'The name has characters that nobody can see.',
    reserved: 'That name means something to the machine. Choose another one.',
  },

  settings: {
    open: 'Settings',
    theme: 'Theme',
    system: 'System',
    light: 'Light',
    dark: 'Dark',
    language: 'Language',
    storage: 'On this device',
    kept: 'Your rooms are kept here.',
    notKept: 'The browser may clear your rooms when space runs short. What was not sent would be lost.',
    keep: 'Ask to keep them',
    keepRefused: 'The browser does not promise it now. It often does once the page is installed.',
    devtools: 'Devtools',
    devtoolsHint: 'Frames, versions, the beat and the outbox.',
    signOut: 'Sign out',
  },
  signOut: {
    title: 'Sign out now?',
    text: (pending, user) =>
      `${pending === 1 ? '1 change has' : `${number.format(pending)} changes have`} not reached the server. ${pending === 1 ? 'It stays' : 'They stay'} on this device and ${pending === 1 ? 'is' : 'are'} sent when ${user} signs in here again.`,
    stay: 'Stay',
    go: 'Sign out',
  },

  list: {
    label: 'Rooms',
    reading: 'Reading your rooms',
    emptyTitle: 'No rooms yet',
    emptyText: 'Join the lobby, or open a room of your own by writing its name below. Who knows the name meets you there.',
    lobbyHint: 'Open to everybody who has signed in.',
    join: 'Join',
    joinField: 'Name of a room',
    joinHint: 'Join a room by name',
    noMessages: 'No messages yet',
    you: 'You',
    unread: (count, more) => (more ? `more than ${count} unread messages` : `${count} unread ${count === 1 ? 'message' : 'messages'}`),
    refused: (count) => `${number.format(count)} refused`,
    refusedLabel: 'Refused by the server',
    notRemembered: (room, why) => `${room} is not remembered: ${why}`,
    chooseTitle: 'Choose a room',
    chooseText: 'Or join one by its name.',
  },

  room: {
    label: (room) => `Room ${room}`,
    back: 'All rooms',
    leave: 'Leave',
    notLeft: (why) => `Not left: ${why}`,
    closedTitle: 'This room is closed to you',
    closedText: 'What you wrote here stays on this device until you discard it.',
    absentTitle: 'This room is not on this device yet',
    absentText: 'It comes when there is a connection. You can write already; it waits here.',
    emptyTitle: 'Nothing was said here yet',
    emptyText: (next) => `Write the first message. It becomes version ${number.format(next)} of this room.`,
    reading: 'Reading the room',
    messages: 'Messages',
    older: {
      more: 'Reading older messages',
      loading: 'Reading older messages',
      full: 'No more than 5,000 messages are shown at once',
      beginning: 'The beginning of this room',
    },
    olderFailed: 'Older messages did not come.',
    olderOffline: 'Older messages come when you are back.',
    tryAgain: 'Try again',
    newMessages: (count) => (count === 1 ? '1 new message' : `${number.format(count)} new messages`),
    toNewest: 'To the newest message',
    unreadFromHere: 'New',
  },

  message: {
    you: 'You',
    pending: 'Not sent yet',
    sending: 'Sending',
    confirmed: 'Sent',
    refused: 'Refused',
    sendAgain: 'Send again',
    discard: 'Discard',
    tried: (attempts, error) =>
      `Tried ${attempts === 1 ? 'once' : `${number.format(attempts)} times`}${error === undefined ? '.' : `: ${HELD_BACK[error.code] ?? error.message}`}`,
    tryNow: 'Try now',
    takeBack: 'Take back',
  },
  refusal: (error) => {
    switch (error.code) {
      case 'forbidden':
        return 'You may not do this here.'
      case 'rejected':
      case 'invalid':
      case 'too-large':
        return `Not accepted: ${error.message}`
      case 'outcome-unknown':
        return 'The server no longer knows whether it arrived. Look before you send it again.'
      default:
        return `Refused (${error.code}): ${error.message}`
    }
  },
  problem: (error) => {
    if (error instanceof StorageError) return TROUBLE[error.trouble]
    return error instanceof Error ? error.message : String(error)
  },

  composer: {
    label: (room) => `Message to ${room}`,
    send: 'Send',
    notSaved: (why) => `Not saved: ${why}`,
    left: (characters) => `${characters} ${characters === 1 ? 'character' : 'characters'} left`,
    tooMany: (characters) => `${number.format(characters)} ${characters === 1 ? 'character' : 'characters'} too many`,
  },

  stage: {
    title: 'Live stage',
    entry: 'Comments fly by, everybody at once',
    console: 'Console',
    viewers: (online) => `${number.format(online)} watching`,
    viewersUnknown: 'Counting viewers',
    picture: 'The stage',
    side: 'Programme and draws',
    reading: 'Reading the programme',
    now: 'On now',
    nextAt: (time) => `Next, at ${time}`,
    nothingOn: 'Nothing is on yet.',
    won: (prize, winners) => `${prize}: ${winners === 0 ? 'nobody took part' : winners === 1 ? 'the winner is' : 'the winners are'}`,
    cut: (count) => `and ${number.format(count)} more`,
    newest: 'Newest comments',
    heard: (count, last) => `${count === 1 ? '1 comment' : `${number.format(count)} comments`} lately. The last one: ${last}`,
    away: 'Offline. You see the programme as it was; comments come when you are back.',
    closedTitle: 'The stage is closed to you',
    closedText: 'Whoever runs this show has not let you in.',
    absentTitle: 'The stage is not on this device yet',
    absentText: 'It comes when there is a connection.',
    notLoadedTitle: 'The stage did not load',
    notLoadedText: 'This part of the page is fetched when it is first opened. Try again with a connection.',
  },
  comment: {
    label: 'Say something to everybody',
    send: 'Say it',
    hint: 'It flies at once, and is not kept.',
    sending: 'On its way.',
    sent: 'Sent.',
    stopped: 'Comments are stopped',
    stoppedText: 'The host has stopped comments for now.',
    unsent: (text, why) => `“${text}” reached nobody else: ${why}`,
    unanswered: (text) => `“${text}” may have reached nobody else: no answer came. Comments are not kept for later.`,
    again: 'Say it again',
    discard: 'Discard',
    tooFast: 'that was too fast. Wait a moment.',
    forbidden: (why) => `you may not speak here. ${why}`,
    color: 'Colour',
    colors: { white: 'White', sea: 'Sea', sand: 'Sand', coral: 'Coral' },
    asList: 'As a list',
  },
  programme: {
    title: 'Programme',
    empty: 'Nothing is planned yet.',
    now: 'On now',
    over: 'Over',
    begin: 'Begin',
    end: 'End',
    remove: 'Remove',
    newTitle: 'What comes',
    newTime: 'When it begins',
    add: 'Add',
  },
  draw: {
    title: 'Lucky draws',
    empty: 'No draw is open.',
    standing: (places, entrants) =>
      `${places === 1 ? '1 place' : `${number.format(places)} places`}, ${entrants === 1 ? '1 takes' : `${number.format(entrants)} take`} part`,
    enter: 'Take part',
    entered: 'You take part',
    draw: 'Draw',
    drawing: 'The server draws',
    winners: (names) => `Won by ${new Intl.ListFormat('en').format(names)}.`,
    nobody: 'Nobody took part.',
    youWon: 'You have won!',
    newPrize: 'Prize',
    newPlaces: 'Places',
    open: 'Open',
  },

  phase: {
    offline: 'Offline',
    connecting: 'Connecting',
    catchingUp: 'Catching up',
    live: 'Live',
    stalled: 'Stuck',
    waiting: 'No connection',
  },
  network: {
    online: 'Online',
    offline: 'Offline. You see the room as it was at this version.',
    offlineAbsent: 'Offline. This room comes when you are back.',
    offlineWith: (pending) => `Offline. ${messages(pending)} will be sent when you are back.`,
    waiting: (because, seconds, pending) =>
      `${NO_CONNECTION[because ?? 'unavailable'] ?? 'No connection.'} Next try ${seconds === 0 ? 'now' : `in ${seconds} s`}.${pending === 0 ? '' : ` ${messages(pending)} will be sent then.`}`,
    stalled: (pending) =>
      `Connected, but nothing has moved for a minute. A new connection is being made.${pending === 0 ? '' : ` ${messages(pending)} will be sent then.`}`,
    connecting: (pending) => (pending === 0 ? 'Connecting.' : `Connecting. ${messages(pending)} will be sent then.`),
    reading: 'Reading this room.',
    catchingUp: (versions) => `Catching up: ${number.format(versions)} ${versions === 1 ? 'version' : 'versions'} to go.`,
    heldBack: (error) => `Held back: ${HELD_BACK[error.code] ?? error.message} What you wrote stays on this device.`,
    sending: (pending) => `Sending ${messages(pending)}.`,
    upToDate: 'Up to date.',
    closed: 'This room is closed to you.',
  },
  waterLine: {
    label: 'How far this copy has come',
    version: 'Version',
    serverHas: 'The server has',
    waits: (count) => (count === 1 ? 'message waits' : 'messages wait'),
  },

  storage: {
    trouble: TROUBLE,
    lostLabel: 'Lost on this device',
    lost: (unsent) =>
      `This device has cleared what was kept here. With it went ${unsent === 1 ? '1 change' : `up to ${number.format(unsent)} changes`} that had not reached the server. The rest comes again.`,
    understood: 'Understood',
  },
  reset: {
    label: 'The server was restored',
    text: 'The server was put back to a backup.',
    offeredAgain: (count) =>
      count === 1 ? 'What you wrote last was sent again.' : `${number.format(count)} changes of yours were sent again.`,
    lost: (count) => (count === 1 ? '1 older change may be lost.' : `Up to ${number.format(count)} older changes may be lost.`),
    understood: 'Understood',
  },
  update: { text: 'A newer version of this page is here.', reload: 'Reload', later: 'Later' },
  trouble: {
    title: 'The copy on this device does not open',
    text: 'What you wrote is still on this device. Reloading often helps; closing other tabs of this page, too.',
    noStorageTitle: 'This browser keeps nothing',
    noStorageText:
      'Your rooms live in this browser’s storage, and it gives this page none: often in a private window, or where cookies are blocked. Open the page in an ordinary window.',
    details: 'What happened',
    reload: 'Reload',
    other: 'Sign in as somebody else',
  },
  day: { today: 'Today', yesterday: 'Yesterday' },
}
