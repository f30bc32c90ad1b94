import { listReferences, parseEnvironment } from '../../language/index.ts'
import type { AffectedImporter, WebhookEvent } from '../../webhooks/index.ts'
import type { Workspace } from './workspace.ts'

/** A reference of the newest revision of an environment to another one. */
interface Import {
  readonly importer: string
  readonly revision: number
  readonly imported: string
  /** A number or tag; `latest` where it names none. */
  readonly version: string
}

/**
 * The environments whose newest revision uses what an event has changed, itself or through others:
 * a new revision concerns those that follow the newest one, a tag those that follow it, a
 * retraction those that name that revision.
 */
export function affectedImporters(workspace: Workspace, event: WebhookEvent): AffectedImporter[] {
  const changed = versionsChanged(event)
  if (changed.length === 0) return []
  const imports = importsOf(workspace)
  const found = new Map<string, number>()
  const visit = (imported: string, versions: readonly string[]) => {
    for (const each of imports.filter((other) => other.imported === imported && versions.includes(other.version))) {
      if (each.importer === event.environment.name || found.has(each.importer)) continue
      found.set(each.importer, each.revision)
      visit(each.importer, ['latest', ...namesOf(workspace, each.importer, each.revision)])
    }
  }
  visit(event.environment.name, changed)
  return [...found].map(([name, revision]) => ({ name, affectedRevisions: [revision] }))
}

function versionsChanged({ kind, action, revision, tagName }: WebhookEvent): string[] {
  if (kind === 'environment_revision') return [action === 'created' ? 'latest' : String(revision)]
  return kind === 'environment_revision_tag' && tagName !== undefined ? [tagName] : []
}

/** Returns the other names of a revision. */
function namesOf(workspace: Workspace, environment: string, revision: number): string[] {
  const tags = workspace.store.environment(environment).versions.tags()
  return [String(revision), ...tags.filter((tag) => tag.revision === revision).map(({ name }) => name)]
}

function importsOf(workspace: Workspace): Import[] {
  // All of them: their webhooks are told whoever made the change, who is shown nothing of them.
  return workspace.store.list().flatMap((importer) => {
    try {
      const { file, definition, number: revision } = workspace.store.environment(importer).current()
      const { environment } = parseEnvironment(file, definition)
      const names = environment === undefined ? [] : listReferences(environment).map(({ name }) => name)
      return [...new Set(names)].flatMap((name) => {
        const reference = readReference(workspace, name)
        return reference === undefined
          ? []
          : [{ importer, revision, imported: reference.name, version: reference.version ?? 'latest' }]
      })
    } catch {
      // A damaged environment is told of by `esc check`.
      return []
    }
  })
}

/** Reads a reference; what is no name of an environment refers to none. */
function readReference(workspace: Workspace, name: string) {
  try {
    return workspace.reference(name)
  } catch {
    return undefined
  }
}
