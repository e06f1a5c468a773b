import { DatabaseSync } from 'node:sqlite'

/** `application_id`: "Tide", so that another application's file is never taken for ours. */
export const APPLICATION_ID = 0x54696465

/** Each step takes a file from the version of its place to the next. Steps are never changed once released, only added. */
export const STEPS: readonly string[] = [
  `
  create table spaces (
    tenant text not null,
    space text not null,
    version integer not null,
    seal text not null,
    log_start integer not null,
    horizon integer not null,
    checksum integer not null,
    primary key (tenant, space)
  ) strict, without rowid;

  -- body is the last column: what needs only the seal does not read it. body_checksum stays when the body is trimmed.
  create table commits (
    tenant text not null,
    space text not null,
    version integer not null,
    seal text not null,
    at_ms integer not null,
    body_checksum integer not null,
    checksum integer not null,
    body text,
    primary key (tenant, space, version)
  ) strict;

  create table documents (
    tenant text not null,
    space text not null,
    collection text not null,
    id text not null,
    version integer not null,
    created integer not null,
    creator text not null,
    origin text,
    checksum integer not null,
    doc text,
    primary key (tenant, space, collection, id)
  ) strict;
  create index documents_by_version on documents (tenant, space, version);

  create table clients (
    tenant text not null,
    client text not null,
    user text not null,
    n integer not null,
    nonce text not null,
    seen_ms integer not null,
    checksum integer not null,
    primary key (tenant, client)
  ) strict, without rowid;

  create table mutations (
    tenant text not null,
    client text not null,
    n integer not null,
    nonce text not null,
    at_ms integer not null,
    outcome text not null,
    checksum integer not null,
    primary key (tenant, client, n)
  ) strict, without rowid;

  -- One row that is rewritten to find out whether the disk takes writes again.
  create table probe (id integer primary key, at_count integer not null) strict;
  insert into probe values (1, 0);
  `,
  `
  -- How commits with an idempotency key ended. place: 1, 2, 3 ... in each tenant, so that the oldest are found, and all are counted.
  create table keyed (
    tenant text not null,
    source text not null,
    key text not null,
    place integer not null,
    digest text not null,
    at_ms integer not null,
    outcome text not null,
    checksum integer not null,
    primary key (tenant, source, key)
  ) strict, without rowid;
  create unique index keyed_by_place on keyed (tenant, place);
  `,
  `
  -- Each document stands in one of the first two, so that a first sync passes by what was deleted, and by collections it cuts.
  drop index documents_by_version;
  create index documents_living on documents (tenant, space, collection, version) where doc is not null;
  create index documents_deleted on documents (tenant, space, version) where doc is null;
  create index documents_by_creation on documents (tenant, space, collection, created) where doc is not null;
  `,
  `
  -- How often the mutator of the mutation that is next for a client threw, and since when. A row of a number that is done says nothing.
  create table failures (
    tenant text not null,
    client text not null,
    n integer not null,
    nonce text not null,
    times integer not null,
    since_ms integer not null,
    checksum integer not null,
    primary key (tenant, client)
  ) strict, without rowid;
  `,
]

/** `user_version` of the files that this build writes. A file with a higher one was written by a later build. */
const SCHEMA_VERSION = STEPS.length

/** Refuses another application's file, or a later build's, with an error that says what to do. */
export function assertOurs(db: DatabaseSync, file: string): void {
  const found = versionOf(db)
  const application = Number(db.prepare('pragma application_id').get()?.application_id)
  const isEmpty = db.prepare('select 1 from sqlite_schema limit 1').get() === undefined
  if (application !== APPLICATION_ID && !(isEmpty && application === 0)) {
    throw new Error(`${file} is not a Tidemark changelog: it belongs to another application. Choose another file.`)
  }
  if (found > SCHEMA_VERSION) {
    throw new Error(
      `${file} has schema version ${found}, this build knows up to ${SCHEMA_VERSION}: it was written by a later Tidemark. Run that one, or restore a backup.`,
    )
  }
}

/** Brings a file of ours to this build's schema. */
export function migrate(db: DatabaseSync): void {
  const found = versionOf(db)
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

/** True where tables and indexes are the ones that the steps make, word for word: a damaged word would fail only the statements that need it. */
export function hasOurSchema(db: DatabaseSync): boolean {
  const found = new Set(schemaOf(db))
  const ours = new DatabaseSync(':memory:')
  try {
    for (const step of STEPS) ours.exec(step)
    return schemaOf(ours).every((part) => found.has(part))
  } finally {
    ours.close()
  }
}

function schemaOf(db: DatabaseSync): string[] {
  return db
    .prepare('select type, name, tbl_name, sql from sqlite_schema')
    .all()
    .map((row) => JSON.stringify(row))
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('pragma user_version').get()?.user_version)
}
