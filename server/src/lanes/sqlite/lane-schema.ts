import type { DatabaseSync } from 'node:sqlite'

/** `application_id`: "TdLn", so that no other file is taken for this one. */
const APPLICATION_ID = 0x54644c6e

/** Each step takes a file from the version of its place to the next. Steps are never changed once released, only added. */
const STEPS: readonly string[] = [
  `
  create table lanes (
    id integer primary key,
    tenant text not null,
    space text not null,
    lane text not null,
    newest integer not null,
    cleared_at_ms integer not null,
    cleared_tick integer not null,
    unique (tenant, space, lane)
  ) strict;

  -- Until a tick is made of them. at: in the order of acceptance.
  create table says (
    at integer primary key,
    lane integer not null,
    tick integer not null,
    checksum integer not null,
    text text not null
  ) strict;
  create index says_by_tick on says (lane, tick);

  -- at: in the order in which they were taken, so that the oldest are found, and all are counted.
  create table ids (
    at integer primary key,
    lane integer not null,
    by text not null,
    id text not null,
    at_ms integer not null,
    unique (lane, by, id)
  ) strict;

  create table ticks (
    lane integer not null,
    tick integer not null,
    checksum integer not null,
    text text not null,
    primary key (lane, tick)
  ) strict;
  `,
]

/** `user_version` of the files that this build writes. A file with a higher one was written by a later build. */
const SCHEMA_VERSION = STEPS.length

/** Brings a file of ours to this build's schema. Throws, saying what to do, for another application's file, or a later build's. */
export function migrate(db: DatabaseSync, file: string): void {
  const found = Number(db.prepare('pragma user_version').get()?.user_version)
  const application = Number(db.prepare('pragma application_id').get()?.application_id)
  const isEmpty = db.prepare('select 1 from sqlite_schema limit 1').get() === undefined
  if (application !== APPLICATION_ID && !(isEmpty && application === 0))
    throw new Error(`${file} is no file of lanes: it belongs to something else. Choose another file.`)
  if (found > SCHEMA_VERSION)
    throw new Error(
      `${file} was written by a later Tidemark. Run that one, or choose another file: what lanes hold is lost with it, no more.`,
    )
  if (found === SCHEMA_VERSION) return
  db.exec('begin immediate')
  try {
    for (const step of STEPS.slice(found)) db.exec(step)
    db.exec(`pragma application_id = ${APPLICATION_ID}; pragma user_version = ${SCHEMA_VERSION}`)
    db.exec('commit')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}
