import { randomUUID } from 'node:crypto'
import type {
  ClaimedDelivery,
  NewOutboxDelivery,
  OutboxAttempt,
  OutboxDelivery,
  OutboxEvent,
  OutboxRecords,
  OutboxTarget,
  WaitingDelivery,
} from '../records/outbox-records.ts'
import type { PostgresDatabase, Row, Statements } from './connection.ts'

/** So many ended deliveries of a webhook are kept. */
const keptDeliveries = 50
/** An attempt takes 10 seconds at most; a call for a key comes before it. */
const claimSeconds = 40
/** A process that expects an event has the lock of its environment by then, or has ended. */
const orphanSeconds = 60

const columns = 'id, environment, webhook, webhook_created, created, content, state, due, attempts'

/** The outbox of all servers, as rows. */
export class DatabaseOutbox implements OutboxRecords {
  readonly #database: PostgresDatabase
  #hasNew = false

  constructor(database: PostgresDatabase) {
    this.#database = database
  }

  get hasNew(): boolean {
    return this.#hasNew
  }

  /** Keeps events in a transaction that changes what they are about. */
  async tell(statements: Statements, events: readonly OutboxEvent[]): Promise<void> {
    for (const event of events) await this.#put(statements, event, true)
  }

  /** Called once a transaction that tells of something was committed. */
  told(): void {
    this.#hasNew = true
  }

  async happened(event: OutboxEvent): Promise<void> {
    await this.#put(this.#database, event, true)
    this.#hasNew = true
  }

  async expect(event: OutboxEvent): Promise<void> {
    await this.#put(this.#database, event, false)
  }

  async reconciled({ id, content }: OutboxEvent): Promise<void> {
    await this.#database.run(
      `update ${this.#events} set happened = true, content = $2 where id = $1 and not happened`,
      [id, content],
    )
  }

  async notHappened(id: string): Promise<void> {
    await this.#database.run(`delete from ${this.#events} where id = $1 and not happened`, [id])
  }

  async events(): Promise<readonly OutboxEvent[]> {
    this.#hasNew = false
    const rows = await this.#database.run(
      `select id, environment, content from ${this.#events} where happened order by at limit 1000`,
    )
    return rows.map(eventIn)
  }

  async orphans(): Promise<readonly OutboxEvent[]> {
    const rows = await this.#database.run(
      `select id, environment, content from ${this.#events} as e
       where not happened and at < clock_timestamp() - make_interval(secs => $1) and not exists (
         select 1 from ${this.#database.schema}.lease
         where name = 'environment+' || e.environment and expires > clock_timestamp()
       ) order by at limit 1000`,
      [orphanSeconds],
    )
    return rows.map(eventIn)
  }

  /** One statement: whoever deletes the event adds what follows from it. */
  async expanded(
    event: string,
    deliveries: readonly NewOutboxDelivery[],
    { most, tooMany }: { readonly most: number; readonly tooMany: string },
  ): Promise<void> {
    const column = (of: (each: NewOutboxDelivery) => string) => deliveries.map(of)
    await this.#database.run(
      `with gone as (delete from ${this.#events} where id = $1 and happened returning 1),
       new as (
         select r.*, (
           select count(*) from ${this.#deliveries} as d where d.state = 'pending'
             and d.environment = r.environment and d.webhook = r.webhook and d.webhook_created = r.webhook_created
         ) >= $8 as is_too_many
         from gone, unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
           as r (id, environment, webhook, webhook_created, created, content)
       )
       insert into ${this.#deliveries} (id, environment, webhook, webhook_created, created, content, state, attempts)
       select id, environment, webhook, webhook_created, created, content,
         case when is_too_many then 'failed' else 'pending' end,
         case when is_too_many then array[$9] else '{}' end
       from new on conflict (id) do nothing`,
      [
        event,
        column(({ id }) => id),
        column(({ environment }) => environment),
        column(({ webhook }) => webhook),
        column(({ webhookCreated }) => webhookCreated),
        column(({ created }) => created),
        column(({ content }) => content),
        most,
        tooMany,
      ],
    )
  }

  async keep({ id, due, ...delivery }: OutboxDelivery): Promise<void> {
    const { environment, webhook, webhookCreated, created, content, state, attempts } = delivery
    await this.#database.run(
      `insert into ${this.#deliveries} (${columns})
       values ($1, $2, $3, $4, $5, $6, $7, coalesce($8, clock_timestamp()), $9) on conflict (id) do nothing`,
      [id, environment, webhook, webhookCreated, created, content, state, due ?? null, attempts],
    )
  }

  async of({ environment, webhook, webhookCreated }: OutboxTarget): Promise<readonly OutboxDelivery[]> {
    const rows = await this.#database.run(
      `select ${columns} from ${this.#deliveries}
       where environment = $1 and webhook = $2 and webhook_created = $3 order by created desc, id`,
      [environment, webhook, webhookCreated],
    )
    return rows.map(deliveryIn)
  }

  async waiting(withinMs: number): Promise<readonly WaitingDelivery[]> {
    const rows = await this.#database.run(
      `select id, greatest(due, claimed_until) as due from ${this.#deliveries}
       where state = 'pending' and due <= clock_timestamp() + make_interval(secs => $1) order by due limit 10000`,
      [withinMs / 1000],
    )
    return rows.map(({ id, due }) => ({ id: id as string, due: due as Date }))
  }

  /** After a lost answer nobody has the claim, and it ends by itself. */
  async claim(id: string): Promise<ClaimedDelivery | undefined> {
    const claim = randomUUID()
    const [row] = await this.#database.run(
      `update ${this.#deliveries} set claim = $2, claimed_until = clock_timestamp() + make_interval(secs => $3)
       where id = $1 and state = 'pending' and due <= clock_timestamp()
         and (claimed_until is null or claimed_until <= clock_timestamp() or claim = $2)
       returning ${columns}`,
      [id, claim, claimSeconds],
    )
    return row && { claim, delivery: deliveryIn(row) }
  }

  async attempted(id: string, { state, waitMs, attempt, claim }: OutboxAttempt): Promise<Date | undefined> {
    const [row] = await this.#database.run(
      `update ${this.#deliveries} set state = $2, attempts = attempts || $4::text,
         due = coalesce(clock_timestamp() + make_interval(secs => $3), due),
         claim = case when $5::uuid is null then claim end,
         claimed_until = case when $5::uuid is null then claimed_until end, changed = clock_timestamp()
       where id = $1 and ($5::uuid is null or $2 = 'delivered' or (claim = $5 and state = 'pending'))
         and not $4::text = any(attempts)
       returning due`,
      [id, state, waitMs === undefined ? null : waitMs / 1000, attempt, claim ?? null],
    )
    if (state === 'pending') return row?.due as Date | undefined
    await this.#database.run(
      `delete from ${this.#deliveries} where id in (
         select d.id from ${this.#deliveries} as d, ${this.#deliveries} as own
         where own.id = $1 and d.environment = own.environment and d.webhook = own.webhook and d.state <> 'pending'
         order by d.changed desc offset $2
       )`,
      [id, keptDeliveries],
    )
    return undefined
  }

  async forgetOne(id: string): Promise<void> {
    await this.#database.run(`delete from ${this.#deliveries} where id = $1`, [id])
  }

  async forget(environment: string, webhook: string): Promise<void> {
    await this.#database.run(`delete from ${this.#deliveries} where environment = $1 and webhook = $2`, [
      environment,
      webhook,
    ])
  }

  async #put(statements: Statements, { id, environment, content }: OutboxEvent, happened: boolean): Promise<void> {
    await statements.run(
      `insert into ${this.#events} (id, environment, happened, content) values ($1, $2, $3, $4)
       on conflict (id) do update set happened = excluded.happened, content = excluded.content`,
      [id, environment, happened, content],
    )
  }

  get #events(): string {
    return `${this.#database.schema}.webhook_event`
  }

  get #deliveries(): string {
    return `${this.#database.schema}.webhook_delivery`
  }
}

/** Removes ended deliveries of environments that are no more. */
export async function forgetOldDeliveries(statements: Statements, schema: string): Promise<void> {
  await statements.run(
    `delete from ${schema}.webhook_delivery as d
     where state <> 'pending' and changed < now() - interval '90 days' and not exists (
       select 1 from ${schema}.environment as e where e.id = d.environment and e.place is not null
     )`,
  )
}

function eventIn({ id, environment, content }: Row): OutboxEvent {
  return { id: id as string, environment: environment as string, content: content as string }
}

function deliveryIn(row: Row): OutboxDelivery {
  const state = row.state as OutboxDelivery['state']
  return {
    id: row.id as string,
    environment: row.environment as string,
    webhook: row.webhook as string,
    webhookCreated: row.webhook_created as string,
    created: row.created as string,
    content: row.content as string,
    state,
    due: state === 'pending' ? (row.due as Date) : undefined,
    attempts: row.attempts as readonly string[],
  }
}
