import { useState } from 'preact/hooks'
import { rotationTexts as texts } from '../../environment-texts.ts'
import { later } from '../../parts/later.tsx'
import { Shown } from '../../parts/states.tsx'
import { When } from '../../parts/when.tsx'
import { perform } from '../../perform.ts'
import { Action, Allowed } from '../../rights.tsx'
import { useLoaded } from '../../use-loaded.ts'
import type { JournalRecord, Run } from './rotation.ts'

const Resolve = later(async () => (await import('./resolve-record.tsx')).ResolveRecord)

interface JournalProps {
  readonly name: string
  readonly busy: boolean
  readonly start: (run: Run) => void
  readonly changed: () => void
}

/** Rotations that have begun and not ended: each says what it concerns, and what can be done. */
export function Journal({ name, busy, start, changed }: JournalProps) {
  return (
    <section class="journal" aria-labelledby="unfinished">
      <h2 id="unfinished">{texts.journal}</h2>
      <p class="muted">{texts.journalExplains}</p>
      <Allowed operation="list-journal-records">
        <Records {...{ name, busy, start, changed }} />
      </Allowed>
    </section>
  )
}

function Records({ name, busy, start, changed }: JournalProps) {
  const loaded = useLoaded(
    async () => (await perform<readonly JournalRecord[]>('list-journal-records', name)).result,
    [name, busy ? 1 : 0],
  )
  const [resolving, setResolving] = useState<{
    readonly record: JournalRecord
    readonly by: 'forget' | 'retarget' | 'abandon'
  }>()
  return (
    <Shown of={loaded}>
      {(records) => (
        <>
          {records.map((record) => (
            <RecordCard
              key={record.file}
              record={record}
              busy={busy}
              resume={() => start({ mode: 'resume', paths: record.path === undefined ? [] : [record.path] })}
              resolve={(by) => setResolving({ record, by })}
            />
          ))}
          {resolving && (
            <Resolve
              name={name}
              {...resolving}
              close={() => setResolving(undefined)}
              abandon={() => {
                setResolving(undefined)
                const { path } = resolving.record
                start({ mode: 'resume', paths: path === undefined ? [] : [path], force: true })
              }}
              done={() => {
                setResolving(undefined)
                loaded.reload()
                changed()
              }}
            />
          )}
        </>
      )}
    </Shown>
  )
}

function RecordCard({
  record,
  busy,
  resume,
  resolve,
}: {
  record: JournalRecord
  busy: boolean
  resume: () => void
  resolve: (by: 'forget' | 'retarget' | 'abandon') => void
}) {
  const { kind, standing, path, file, problem, superseded = 0 } = record
  const label = path ?? file
  const isReadable = kind === 'unfinished' || kind === 'retire'
  const isLost = standing === 'behind' || standing === 'elsewhere'
  const resumes = isReadable && standing !== 'rotator-gone' && standing !== 'unknown' && !isLost
  return (
    <article class="record">
      <header>
        <code>{label}</code> {record.rotator}
        {record.startedAt !== undefined && (
          <span class="muted">
            {' '}
            {texts.begun} <When at={record.startedAt} />
            {record.revision !== undefined && `, ${texts.fromRevision(record.revision)}`}
          </span>
        )}
      </header>
      <Concerns of={record.concerns} />
      <p>
        {kind === 'unfinished' && texts.holdsUnfinished} {superseded > 0 && texts.holdsSuperseded(superseded)}{' '}
        {problem !== undefined && texts.cannotBeRead(problem)} {adviceOf(record)}
      </p>
      <div class="buttons">
        {resumes && (
          <Action does="rotate-environment" aria-label={`${texts.resume} ${label}`} disabled={busy} onClick={resume}>
            {texts.resume}
          </Action>
        )}
        {isLost && (
          <Action
            does="rotate-environment"
            class="danger"
            aria-label={`${texts.abandon} ${label}`}
            disabled={busy}
            onClick={() => resolve('abandon')}
          >
            {texts.abandon}
          </Action>
        )}
        {kind === 'unfinished' && resumes && (
          <Action
            does="retarget-journal-record"
            class="secondary"
            aria-label={`${texts.retarget} ${label}`}
            disabled={busy}
            onClick={() => resolve('retarget')}
          >
            {texts.retarget}
          </Action>
        )}
        <Action
          does="forget-journal-record"
          class="secondary"
          aria-label={`${texts.forget} ${label}`}
          disabled={busy}
          onClick={() => resolve('forget')}
        >
          {texts.forget}
        </Action>
      </div>
    </article>
  )
}

/** The account whose credential a record is of. */
function Concerns({ of }: { of: JournalRecord['concerns'] }) {
  const entries = Object.entries(of ?? {})
  if (entries.length === 0) return null
  return (
    <p>
      {texts.concerns}{' '}
      {entries.map(([name, value], index) => (
        <span key={name}>
          {index > 0 && ', '}
          {name} <code>{value}</code>
        </span>
      ))}
    </p>
  )
}

function adviceOf({ kind, standing, rotator = '', path = '', movedOnBy }: JournalRecord): string {
  if (kind === 'left' || kind === 'foreign' || kind === 'unreadable') return texts.advice[kind]
  switch (standing) {
    case 'rotator-gone':
      return texts.advice.rotatorGone(rotator, path)
    case 'behind':
    case 'elsewhere':
    case 'unknown':
      return texts.advice[standing]
    case 'moved-on':
      return texts.advice.movedOn(movedOnBy)
    default:
      return kind === 'retire' ? texts.advice.retire : texts.advice.unfinished
  }
}
